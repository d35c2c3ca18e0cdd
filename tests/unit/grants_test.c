/*
 * sitedb/grants.h: what an account is allowed to do, from the rows that MariaDB and MySQL send. The
 * tests of the program have the servers that are installed.
 */
#include "unit.h"

#include "sitedb/grants.h"
#include "sitedb/site_rows.h"

#define MYSQL_USAGE    "GRANT USAGE ON *.* TO `reader`@`%`"
#define MYSQL_READS    "GRANT SELECT ON `site`.* TO `reader`@`%`"
#define MYSQL_WRITES   "GRANT SELECT, INSERT ON `site`.* TO `reader`@`%`"
#define MARIADB_USAGE  "GRANT USAGE ON *.* TO 'reader'@'localhost'"
#define MARIADB_PASSED "GRANT SELECT ON `site`.* TO 'reader'@'localhost' WITH GRANT OPTION"

struct server {
	const char *rows[4]; /* SHOW GRANTS */
	const char *active;  /* CURRENT_ROLE(); NULL if the server does not know it */
	const char *beyond;
};

static struct server servers[] = {
  /* MySQL 8 and newer */
    {{MYSQL_USAGE, MYSQL_READS},								    NULL,                        ""                              },
    {{MYSQL_WRITES},										NULL,                        "GRANT SELECT, INSERT"          },
    {{MYSQL_READS, "GRANT `role`@`%` TO `reader`@`%`"},                                             "`role`@`%`",                ""                              },
    {{MYSQL_READS, "GRANT `role`@`%` TO `reader`@`%`"},                                             "NONE",                      "GRANT `role`@`%`"              },
    {{MYSQL_READS, "GRANT `role`@`%` TO `reader`@`%`"},                                             "`role`@`::1`",              "GRANT `role`@`%`"              },
    {{MYSQL_WRITES, "GRANT `role`@`%` TO `reader`@`%`"},                                            "`role`@`%`",                "GRANT SELECT, INSERT"          },
    {{MYSQL_READS, "GRANT `a`@`%`,`b`@`%` TO `reader`@`%`"},                                        "`b`@`%`,`a`@`%`",           ""                              },
    {{MYSQL_READS, "GRANT `a`@`%`,`b`@`%` TO `reader`@`%`"},                                        "`a`@`%`",                   "GRANT `a`@`%`,`b`@`%`"         },
    {{MYSQL_READS, "GRANT `a b, c`@`%` TO `reader`@`%`"},                                           "`other`@`%`, `a b, c`@`%`", ""                              },
 /* MariaDB */
    {{MARIADB_USAGE, "GRANT `role` TO `reader`@`localhost`", "GRANT SELECT ON `site`.* TO `role`"},
     "role",														     ""			      },
    {{MARIADB_USAGE, "GRANT role TO 'reader'@'localhost'", "GRANT SELECT ON `site`.* TO 'role'"},
     "role",														     ""			      },
    {{MARIADB_USAGE, "GRANT role TO 'reader'@'localhost'", "GRANT INSERT ON `site`.* TO 'role'"},
     "role",														     "GRANT INSERT"                  },
    {{MARIADB_USAGE, "GRANT role TO 'reader'@'localhost'"},                                         "",                          "GRANT role"                    },
    {{MARIADB_USAGE, "GRANT reader TO 'reader'@'localhost'"},                                       "",                          "GRANT reader"                  },
    {{MARIADB_USAGE, "GRANT role TO 'reader'@'localhost'", "GRANT SELECT ON `s`.* TO 'role2'"},
     "",															 "GRANT role"		    },
    {{MARIADB_USAGE, "GRANT `a` TO `reader`@`localhost`"},                                          "b,a",                       "GRANT `a`"                     },
    {{MARIADB_PASSED},									      NULL,                        "GRANT SELECT WITH GRANT OPTION"},
};

static char database[] = "mariadb://reader@localhost/site";

/* This replaces the function of the program, and is the server. */
enum status site_rows_each(const struct site_conf *site, const char *sql, site_row *each, void *arg,
			   struct error *err)
{
	const struct server *server = (const void *)site->name;

	if (strcmp(sql, "SHOW GRANTS") == 0) {
		for (size_t i = 0; i < COUNT(server->rows) && server->rows[i] != NULL; i++)
			each(arg, server->rows[i]);
		return STATUS_OK;
	}
	assert_string_equal(sql, "SELECT CURRENT_ROLE()");
	if (server->active == NULL)
		return error_set(err, STATUS_UNAVAILABLE, "no such function");
	each(arg, server->active);
	return STATUS_OK;
}

TEST(test_what_an_account_may_do)
{
	for (size_t i = 0; i < COUNT(servers); i++) {
		struct site_conf site = {.name = (char *)&servers[i], .site_database = database};
		struct strbuf out;

		strbuf_init(&out);
		assert_ok(grants_beyond(&site, &out, ERR));
		assert_string_equal(out.data, servers[i].beyond);
		strbuf_clear(&out);
	}
}

/* Only a row with a role makes the program ask for the active ones. */
TEST(test_a_server_that_cannot_say_which_roles_are_active)
{
	static struct server server = {.rows = {"GRANT role TO 'reader'@'localhost'"}};
	struct site_conf site = {.name = (char *)&server, .site_database = database};
	struct strbuf out;

	strbuf_init(&out);
	assert_status(grants_beyond(&site, &out, ERR), STATUS_UNAVAILABLE);
	strbuf_clear(&out);
}
