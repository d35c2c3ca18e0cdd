/*
 * conf/databases: two sites never have one database, however its path is written.
 */
#include "unit.h"

#include "conf_fixture.h"

/* Two sites in two files of `sites`; the second is the one that is refused or left out. */
static void write_two(const char *first, const char *second)
{
	char text[1024];

	snprintf(text, sizeof(text), "[server]\nsites = %s/*.site\n", unit_folder());
	unit_write("prebind.conf", text);
	snprintf(text, sizeof(text), "[site a]\nhosts = a.org\ndatabase = %s\n" JID TIGASE, first);
	unit_write("1.site", text);
	snprintf(text, sizeof(text), "[site b]\nhosts = b.org\n\ndatabase = %s\n" JID TIGASE,
		 second);
	unit_write("2.site", text);
}

/* As an operator may write them; %s: the folder. `there` and what is made from it exist. */
static const struct {
	const char *first;
	const char *second;
	bool same;
} database_paths[] = {
    {"%s/there.db",     "%s/there.db",         true },
    {"%s/there.db",     "%s//.//there.db",     true },
    {"%s/there.db",     "%s/real/../there.db", true },
    {"%s/there.db",     "%s/symlink.db",       true },
    {"%s/hard.db",      "%s/there.db",         true },
    {"%s/linked/in.db", "%s/real/in.db",       true },
    {"%s/new.db",       "%s/new.db",           true },
    {"%s/new.db",       "%s/./new.db",         true },
    {"%s/real/new.db",  "%s/linked/new.db",    true },
    {"%s/real/new.db",  "%s/linked/./new.db",  true },
    {"%s/none/new.db",  "%s/none//new.db",     true },
    {"%s/none/new.db",  "%s/none/./new.db",    true },
    {"%s/there.db",     "%s/new.db",           false},
    {"%s/there.db",     "%s/real/there.db",    false},
    {"%s/new.db",       "%s/real/new.db",      false},
    {"%s/new.db",       "%s/New.db",           false},
    {"%s/none/new.db",  "%s/none/other.db",    false},
    {"%s/none/new.db",  "%s/no/new.db",        false},
};

static void make_databases(void)
{
	const char *dir = unit_folder();
	char command[1024];

	snprintf(command, sizeof(command),
		 "cd %s && touch there.db && ln -s there.db symlink.db && ln there.db hard.db && "
		 "mkdir real && touch real/in.db && ln -s real linked",
		 dir);
	assert_int_equal(system(command), 0);
}

/* Fills the two paths of a row in; the folder's name has no percent sign. */
static void row_write(size_t i)
{
	char first[160], second[160];

	snprintf(first, sizeof(first), "%s%s", unit_folder(), database_paths[i].first + 2);
	snprintf(second, sizeof(second), "%s%s", unit_folder(), database_paths[i].second + 2);
	write_two(first, second);
}

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(no_two_sites_have_one_database)
{
	char expected[256];

	make_databases();
	for (size_t i = 0; i < COUNT(database_paths); i++) {
		struct conf *conf = NULL;
		struct error err = {.text = ""};

		row_write(i);
		enum status status = conf_load(CONF_FILE, &conf, &err);
		if ((status == STATUS_OK) == database_paths[i].same)
			fail_msg("%s, %s: \"%s\"", database_paths[i].first,
				 database_paths[i].second, err.text);
		conf_free(conf);
		snprintf(
		    expected, sizeof(expected),
		    "%s/2.site:4: database: is already the database of [site a] (%s/1.site:3), so",
		    unit_folder(), unit_folder());
		if (database_paths[i].same)
			assert_memory_equal(err.text, expected, strlen(expected));
	}
}

/* At a start the first is served, and the second never: its Host belongs to nobody. */
TEST(the_second_site_of_a_database_is_left_out)
{
	make_databases();
	for (size_t i = 0; i < COUNT(database_paths); i++) {
		struct conf *conf = NULL;

		row_write(i);
		assert_ok(conf_load_start(CONF_FILE, &conf, ERR));
		bool same = database_paths[i].same;
		assert_int_equal(conf->n_left_out, same ? 1 : 0);
		assert_int_equal(conf->n_sites, same ? 1 : 2);
		assert_non_null(conf_site_for_host(conf, "a.org"));
		assert_int_equal(conf_site_for_host(conf, "b.org") == NULL, same);
		conf_free(conf);
	}
}

/* What a file that is left out would have had is free for the next one. */
TEST(a_database_left_out_is_free)
{
	struct conf *conf = NULL;

	write_two("/d/1.db", "/d/2.db");
	unit_write("1.site",
		   "[site a]\nhosts = a.org\ndatabase = /d/2.db\n" JID TIGASE "[site c]\nx = y\n");
	assert_ok(conf_load_start(CONF_FILE, &conf, ERR));
	assert_int_equal(conf->n_sites, 1);
	assert_string_equal(conf->sites[0].name, "b");
	conf_free(conf);
}

TEST(a_side_file_is_no_database)
{
	static const char *const suffixes[] = {".limits", "-wal", "-shm", "-journal"};
	char text[512], expected[256];

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		snprintf(text, sizeof(text), "[site a]\ndatabase = /d/a.db%s\n" JID TIGASE,
			 suffixes[i]);
		snprintf(expected, sizeof(expected),
			 ":2: database: \"/d/a.db%s\" ends in %s, like files that SQLite creates "
			 "next to a database; choose another file name",
			 suffixes[i], suffixes[i]);
		load_bad(text, expected);
	}
	conf_free(load_good("[site a]\ndatabase = /d/-wal/limits\n" JID TIGASE));
}
