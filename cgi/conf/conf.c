/*
 * Finds and loads the configuration file, and the files that match its `sites` key. Finds the site
 * for a host. load.c reads the lines. keys.c and value.c define which keys and values are allowed.
 */
#include "conf/conf.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/databases.h"
#include "conf/load.h"
#include "conf/value.h"

#define FILE_NAME "prebind.conf"

static int glob_fault(const char *path, int cause)
{
	(void)path;
	return cause != ENOENT; /* a missing folder has no files, so it is not a fault */
}

static void section_clear(enum conf_section section, void *data, const void *defaults)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		if (conf_keys[i].section == section)
			value_clear(&conf_keys[i], data, defaults);
	}
}

static void site_clear(const struct conf *conf, struct site_conf *site)
{
	section_clear(SECTION_SITE, site, &conf->site_defaults);
	free(site->lines.items);
	free(site->name);
}

/* ---- files that are ignored ---- */

static void left_out_add(struct load *load)
{
	struct conf *conf = load->conf;
	char **list = reallocarray(conf->left_out, conf->n_left_out + 1, sizeof(*list));
	if (list != NULL)
		conf->left_out = list;
	char *why = list == NULL ? NULL : strdup(load->err->text);
	load->status = STATUS_OK;
	if (why == NULL)
		load_no_memory(load);
	else
		list[conf->n_left_out++] = why;
}

/*
 * Loads a file from `sites`. If the file has a fault, removes everything that came from the file.
 */
static void load_or_leave_out(struct load *load, const char *path)
{
	struct conf *conf = load->conf;
	size_t n_sites = conf->n_sites, n_hosts = conf->n_hosts;

	load_file(load, path);
	if (load->status != STATUS_BAD_REQUEST && load->status != STATUS_NOT_FOUND)
		return;
	load_forget_section(load);
	while (conf->n_sites > n_sites) {
		struct site_conf *site = &conf->sites[--conf->n_sites];
		load_forget_name(load, site->name);
		site_clear(conf, site);
	}
	if (load->databases != NULL)
		databases_forget(load->databases, n_sites);
	conf->n_hosts = n_hosts;
	left_out_add(load);
}

/*
 * Loads the files that match the glob pattern `sites`. With GLOB_NOMAGIC, glob() returns a pattern
 * without * and ? as a path, even if no file has this path. Opening the path then reports the
 * fault.
 */
static void load_more(struct load *load)
{
	const struct conf *conf = load->conf;
	if (load->status != STATUS_OK || conf->server.sites[0] == '\0')
		return;
	glob_t found = {0};
	int outcome = glob(conf->server.sites, GLOB_NOMAGIC, glob_fault, &found);
	if (outcome == GLOB_NOSPACE || (outcome == GLOB_ABORTED && errno == ENOMEM))
		load_no_memory(load);
	else if (outcome == GLOB_ABORTED)
		load_fault(
		    load, load->sites_line, "sites",
		    "a folder in the path \"%s\" cannot be read; allow prebind's account to read "
		    "this folder, or use another one",
		    conf->server.sites);
	for (size_t i = 0; outcome == 0 && i < found.gl_pathc && load->status == STATUS_OK; i++) {
		if (conf->forgiving)
			load_or_leave_out(load, found.gl_pathv[i]);
		else
			load_file(load, found.gl_pathv[i]);
	}
	globfree(&found);
}

static enum status load_all(const char *file, bool forgiving, struct conf **out, struct error *err)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	if (conf == NULL)
		return error_no_memory(err);
	conf->forgiving = forgiving;
	struct load load = {.conf = conf, .err = err, .file = file};
	conf->file = strdup(file);
	if (conf->file == NULL)
		load_no_memory(&load);
	load_defaults(&load);
	if (load.status == STATUS_OK)
		load_file(&load, file);
	load_more(&load);
	if (load.status == STATUS_OK)
		load_check_sites(&load);
	load_clear(&load);
	if (load.status == STATUS_OK)
		*out = conf;
	else
		conf_free(conf);
	return load.status;
}

enum status conf_load(const char *file, struct conf **out, struct error *err)
{
	return load_all(file, false, out, err);
}

enum status conf_load_start(const char *file, struct conf **out, struct error *err)
{
	return load_all(file, true, out, err);
}

void conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	section_clear(SECTION_SERVER, &conf->server, &conf->server_defaults);
	free(conf->server.lines.items);
	for (size_t i = 0; i < conf->n_sites; i++)
		site_clear(conf, &conf->sites[i]);
	section_clear(SECTION_SERVER, &conf->server_defaults, NULL);
	section_clear(SECTION_SITE, &conf->site_defaults, NULL);
	for (size_t i = 0; i < conf->n_left_out; i++)
		free(conf->left_out[i]);
	free(conf->left_out);
	for (size_t i = 0; i < conf->n_files; i++)
		free(conf->files[i]);
	free(conf->files);
	free(conf->sites);
	free(conf->hosts);
	free(conf->file);
	free(conf);
}

/* ---- finding the file ---- */

static enum status path_give(const char *path, char **out, struct error *err)
{
	char *copy = strdup(path);
	if (copy == NULL)
		return error_no_memory(err);
	*out = copy;
	return STATUS_OK;
}

/*
 * Writes the path of the configuration file next to the binary's folder, such as …/etc/prebind.conf
 * for …/bin/prebind.fcgi. Writes "" if the system does not say where the binary is.
 */
static void beside_binary(char out[PATH_MAX])
{
	static const char tail[] = "/etc/" FILE_NAME;
	ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - sizeof(tail));
	out[len > 0 ? len : 0] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(out, '/');
		if (slash != NULL)
			*slash = '\0';
	}
	if (len > 0)
		memcpy(out + strlen(out), tail, sizeof(tail));
}

enum status conf_file_find(const char *option, char **out, struct error *err)
{
	static const char installed[] = PREBIND_SYSCONFDIR "/" FILE_NAME;
	if (option != NULL && option[0] != '\0')
		return path_give(option, out, err);

	const char *variable = getenv("PREBIND_CONF");
	if (variable != NULL && variable[0] != '\0')
		return path_give(variable, out, err);

	char beside[PATH_MAX];
	beside_binary(beside);
	const char *const places[] = {beside, installed};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i][0] == '\0')
			continue;
		if (access(places[i], F_OK) == 0)
			return path_give(places[i], out, err);
		if (errno == EACCES)
			return error_set(err, STATUS_UNAVAILABLE,
					 "%s: user %u has no access to a folder of this path; give "
					 "that user access to each folder, or specify another file "
					 "with -c",
					 places[i], (unsigned)geteuid());
	}
	return error_set(err, STATUS_NOT_FOUND,
			 "there is no " FILE_NAME
			 ", because neither %s nor %s exists; specify the file with "
			 "the option -c or in the variable PREBIND_CONF",
			 beside, installed);
}

/* ---- finding a site ---- */

static int host_name_compare(const void *name, const void *host)
{
	return strcmp(name, ((const struct conf_host *)host)->name);
}

const struct site_conf *conf_site_for_host(const struct conf *conf, const char *host)
{
	if (conf->n_sites == 1 && conf->sites[0].hosts.count == 0)
		return &conf->sites[0];
	if (host == NULL || conf->n_hosts == 0)
		return NULL;
	const struct conf_host *found =
	    bsearch(host, conf->hosts, conf->n_hosts, sizeof(*conf->hosts), host_name_compare);
	return found == NULL ? NULL : &conf->sites[found->site];
}

const struct site_conf *conf_site_named(const struct conf *conf, const char *name)
{
	if (name == NULL && conf->n_sites == 1)
		return &conf->sites[0];
	const char *wanted = name == NULL ? "default" : name;
	for (size_t i = 0; i < conf->n_sites; i++) {
		if (strcmp(conf->sites[i].name, wanted) == 0)
			return &conf->sites[i];
	}
	return NULL;
}

const struct site_conf *conf_site_of_database(const struct conf *conf, const char *path)
{
	for (size_t i = 0; i < conf->n_sites; i++) {
		if (databases_same(conf->sites[i].database, path))
			return &conf->sites[i];
	}
	return NULL;
}

/* ---- comparing two configurations ---- */

static bool key_differs(const struct conf_key *key, const void *a, const void *b)
{
	struct strbuf texts[2];

	strbuf_init(&texts[0]);
	strbuf_init(&texts[1]);
	value_text(key, a, &texts[0]);
	value_text(key, b, &texts[1]);
	bool differs = strcmp(texts[0].data, texts[1].data) != 0;
	strbuf_clear(&texts[0]);
	strbuf_clear(&texts[1]);
	return differs;
}

const char *conf_server_difference(const struct server_conf *a, const struct server_conf *b)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		bool may = key->section != SECTION_SERVER || strcmp(key->name, "sites") == 0 ||
			   strcmp(key->name, "log_level") == 0 ||
			   strcmp(key->name, "trusted_proxies") == 0;

		if (!may && key_differs(key, a, b))
			return key->name;
	}
	return NULL;
}
