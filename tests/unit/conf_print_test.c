/*
 * What prebind.conf says when nothing is written, and how it is printed, as text and as JSON; the
 * table of keys, and the example that shows them.
 */
#include "unit.h"

#include "base/json.h"
#include "conf/keys.h"
#include "conf/value.h"
#include "conf_fixture.h"

#define PIN "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(defaults_are_as_documented)
{
	struct conf *conf = load_good(SITE("a"));
	const struct server_conf *server = &conf->server;
	assert_string_equal(server->listen, "");
	assert_int_equal(server->processes, 2);
	assert_int_equal(server->threads, 16);
	assert_int_equal(server->waiting_max, 1024);
	assert_string_equal(server->log, "stderr");
	assert_int_equal(server->log_level, LOG_LEVEL_INFO);

	const struct site_conf *site = &conf->sites[0];
	assert_int_equal(site->line, 1);
	assert_int_equal(site->hosts.count, 0);
	assert_string_equal(site->base_path, "");
	assert_false(site->base_path_set);
	assert_string_equal(site->templates, PREBIND_DATADIR "/templates");
	assert_int_equal(site->identity.count, 1);
	assert_string_equal(site->identity.items[0], "login");
	assert_int_equal(site->accounts, ACCOUNTS_ALL);
	assert_string_equal(site->resource, "web-{random}");
	assert_false(site->allow_http);
	assert_int_equal(site->session_idle_ms, 30 * 60 * 1000);
	assert_int_equal(site->session_absolute_ms, 12 * 60 * 60 * 1000);
	assert_int_equal(site->limit_login.count, 10);
	assert_int_equal(site->limit_login.period_ms, 15 * 60 * 1000);
	assert_int_equal(site->limit_bind_user.count, 10);
	assert_int_equal(site->limit_bind_ip.count, 60);
	assert_int_equal(site->limit_bind_ip.period_ms, 60 * 1000);
	assert_int_equal(site->backend, BACKEND_TIGASE);
	assert_int_equal(site->hold, 1);
	assert_int_equal(site->wait, 60);
	assert_int_equal(site->timeout_ms, 4000);
	assert_int_equal(site->session_life_ms, 0);
	assert_false(site->upstream_http);
	assert_int_equal(site->tigase_format, FORMAT_JSON);
	assert_int_equal(site->bosh_auth, BOSH_AUTH_PASSWORD);
	conf_free(conf);
}

TEST(mount_point_at_the_root)
{
	struct conf *conf = load_good(SITE("a") "base_path = /\nlimit_login = off\n");
	assert_string_equal(conf->sites[0].base_path, "");
	assert_true(conf->sites[0].base_path_set);
	assert_int_equal(conf->sites[0].limit_login.count, 0);
	conf_free(conf);

	conf = load_good(SITE("a") "base_path = /chat\n");
	assert_string_equal(conf->sites[0].base_path, "/chat");
	assert_true(conf->sites[0].base_path_set);
	assert_false(conf->sites[0].public_path_set);
	conf_free(conf);

	conf = load_good(SITE("a") "base_path = /chat\npublic_path = /\n");
	assert_string_equal(conf->sites[0].base_path, "/chat");
	assert_string_equal(conf->sites[0].public_path, "");
	assert_true(conf->sites[0].public_path_set);
	conf_free(conf);
}

/* A value for each key that is not its default; a key that is not here fails the test below. */
static const struct {
	const char *key;
	const char *value;
} samples[] = {
    {"listen",		      "/run/x.sock"                  },
    {"processes",		   "3"			    },
    {"threads",		     "17"			   },
    {"waiting_max",                 "17"			   },
    {"drain",		       "5s"			   },
    {"log",			 "syslog"		       },
    {"log_level",		   "warn"			 },
    {"log_format",                  "text"			 },
    {"sites",		       "/nowhere/at/all/*.conf"       },
    {"user",			"prebind"		      },
    {"socket_group",                "web"			  },
    {"peer_users",                  "lighttpd nginx"               },
    {"status_token_file",           "/st"                          },
    {"trusted_proxies",             "127.0.0.1 2001:db8::/32"      },
    {"allow_tcp",		   "on"			   },
    {"hosts",		       "example.org www.example.org"  },
    {"base_path",		   "/chat"                        },
    {"public_path",                 "/intern/chat"                 },
    {"session_cookie",              "prebind2"                     },
    {"database",		    "postgresql://p@db/prebind"    },
    {"database_password_file",      "/dp"                          },
    {"templates",		   "/t"			   },
    {"identity",		    "login"			},
    {"login_url",		   "/login.php"                   },
    {"jid",			 "{user|lower}@b.org"           },
    {"accounts",		    "map"			  },
    {"deny_jids",		   "boss root@b.org"              },
    {"rooms",		       "a@b.org \"A, b\" join"        },
    {"staff",		       "s@b.org"                      },
    {"resource",		    "fixed"			},
    {"allow_http",                  "on"			   },
    {"trusted_types",               "on"			   },
    {"session_idle",                "7m"			   },
    {"session_absolute",            "8h"                           },
    {"limit_login",                 "1/2s"                         },
    {"limit_bind_user",             "off"                          },
    {"limit_bind_ip",               "3/4h"                         },
    {"guest_domain",                "g.example"                    },
    {"limit_guest_ip",              "3/4h"                         },
    {"login_query",                 "/lq.sql"                      },
    {"allow_weak_hashes",           "on"                           },
    {"token_cookie",                "tok"			  },
    {"token_format",                "jwt"			  },
    {"token_key_file",              "/tkf"                         },
    {"token_audience",              "a.org"                        },
    {"token_user_claim",            "preferred_username"           },
    {"token_origins",               "https://a.org http://b.org:81"},
    {"upload_origins",              "https://u.b.org:5281"         },
    {"exclude_users",               "0 nobody"                     },
    {"jid_domains",                 "b.org c.org"                  },
    {"remote_user_realm",           "A.ORG CORP\\=A.ORG"           },
    {"remote_user_auth_types",      "Basic Negotiate"              },
    {"site_database",               "mariadb://p@db/forum"         },
    {"site_database_password_file", "/sdp"                         },
    {"site_connections_max",        "4"                            },
    {"site_query",                  "/sq.sql"                      },
    {"site_cookie",                 "sid"			  },
    {"site_cookie_transform",       "drupal"                       },
    {"site_profile_query",          "/sp.sql"                      },
    {"site_result",                 "django"                       },
    {"site_secret_file",            "/ss"                          },
    {"php_session_path",            "2;600;/var/sessions"          },
    {"php_session_cookie",          "SID"                          },
    {"php_session_user",            "user.name"                    },
    {"php_session_display",         "user.shown"                   },
    {"php_session_password",        "user.hash"                    },
    {"php_session_format",          "php_binary"                   },
    {"php_session_max_age",         "90m"                          },
    {"php_session_owner",           "www-data"                     },
    {"site_http_url",               "http://[::1]:8000/whoami"     },
    {"site_http_cookies",           "sid remember_me"              },
    {"site_http_cache",             "7s"                           },
    {"people",		      "contacts"                     },
    {"people_query",                "/people.sql"                  },
    {"picture_origins",             "https://p.a.org"              },
    {"limit_people",                "7/8m"                         },
    {"gateway",		     "on"			   },
    {"language",		    "de fr"			},
    {"client",		      "converse"                     },
    {"limit_gateway",               "5/6h"                         },
    {"backend",		     "bosh"			 },
    {"bosh_url",		    "https://b.org/bosh"           },
    {"bosh_hosts",                  "n1=chat1.b.org n2.b.org"      },
    {"hold",			"2"			    },
    {"wait",			"61"			   },
    {"timeout",		     "250ms"			},
    {"session_life",                "11s"			  },
    {"upstream_http",               "on"			   },
    {"ca_file",		     "/ca.pem"                      },
    {"upstream_pin",                PIN			    },
    {"upstream_max",                "17"			   },
    {"tigase_url",                  "https://t.org/x http://u/x"   },
    {"tigase_format",               "xml"                          },
    {"tigase_user",                 "root@t.org"                   },
    {"tigase_password_file",        "/p"                           },
    {"tigase_api_key_file",         "/k"                           },
    {"tigase_api_key_in",           "query"                        },
    {"provision",		   "ejabberd"                     },
    {"provision_url",               "https://b.org/api/register"   },
    {"provision_user",              "api@b.org"                    },
    {"provision_password_file",     "/pp"                          },
    {"bosh_service",                "https://b.org/http-bind"      },
    {"bosh_auth",		   "jwt"			  },
    {"bosh_mechanisms",             "PLAIN"                        },
    {"bosh_password_query",         "/pq.sql"                      },
    {"bosh_route",                  "xmpp:x.b.org:5222"            },
    {"bosh_token_key_file",         "/tk"                          },
    {"bosh_jwt_key_file",           "/jk"                          },
    {"bosh_oauth_url",              "https://b.org/api/token"      },
    {"bosh_oauth_user",             "api@b.org"                    },
    {"bosh_oauth_password_file",    "/op"                          },
    {"credentials",                 "on"			   },
};

static const char *sample_for(const char *name)
{
	for (size_t i = 0; i < COUNT(samples); i++) {
		if (strcmp(samples[i].key, name) == 0)
			return samples[i].value;
	}
	fail_msg("no sample for %s", name);
	return NULL;
}

static void samples_write(struct strbuf *out)
{
	enum conf_section section = SECTION_NONE;
	for (size_t i = 0; i < conf_n_keys; i++) {
		if (conf_keys[i].section != section)
			strbuf_adds(out, conf_keys[i].section == SECTION_SERVER ? "[server]\n"
										: "[site s]\n");
		section = conf_keys[i].section;
		strbuf_addf(out, "%s = %s\n", conf_keys[i].name, sample_for(conf_keys[i].name));
	}
}

TEST(every_key_is_read_and_printed)
{
	assert_int_equal(conf_n_keys, COUNT(samples));
	struct strbuf text;
	struct strbuf json;
	struct strbuf reference;
	strbuf_init(&text);
	strbuf_init(&json);
	strbuf_init(&reference);
	samples_write(&text);
	struct conf *conf = load_good(text.data);
	char *out = printed(conf);
	conf_print_json(conf, &json);
	conf_print_keys(&reference);

	struct json *root = NULL;
	assert_ok(json_parse(json.data, json.len, &root, ERR));
	const struct json *site = json_first(json_member(root, "sites"));
	assert_string_equal(json_string(json_member(site, "name")), "s");
	assert_holds(out, "; the sites from the files /nowhere/at/all/*.conf are below\n");
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		bool is_sites = strcmp(key->name, "sites") == 0;
		assert_has_line(out, key->name, is_sites ? "" : sample_for(key->name));
		bool server = key->section == SECTION_SERVER;
		assert_non_null(
		    json_member(server ? json_member(root, "server") : site, key->name));
		char row[64];
		snprintf(row, sizeof(row), "\n  %-20s  %-7s  ", key->name, value_type(key));
		assert_holds(reference.data, row);
		assert_holds(reference.data, key->what);
	}
	json_free(root);
	free(out);
	conf_free(conf);
	strbuf_clear(&text);
	strbuf_clear(&json);
	strbuf_clear(&reference);
}

TEST(json_has_types)
{
	struct conf *conf = load_good(SITE("a") "hosts = x y\nallow_http = on\n");
	struct strbuf out;
	strbuf_init(&out);
	conf_print_json(conf, &out);
	char head[160];
	snprintf(head, sizeof(head),
		 "{\"file\":\"%s\",\"server\":{\"listen\":\"\",\"processes\":2,", CONF_FILE);
	assert_int_equal(strncmp(out.data, head, strlen(head)), 0);
	assert_holds(out.data, ",\"line\":1,\"hosts\":[\"x\",\"y\"],\"base_path\":\"\",");
	assert_holds(out.data,
		     "\"allow_http\":true,\"trusted_types\":false,\"session_idle\":\"30m\",");
	assert_holds(out.data, "\"wait\":60,\"timeout\":\"4s\",");
	strbuf_clear(&out);
	conf_free(conf);
}

TEST(what_is_printed_can_be_loaded)
{
	struct strbuf text;
	strbuf_init(&text);
	samples_write(&text);
	char wide[1000] = "ca_file = /";
	memset(wide + strlen(wide), 'x', sizeof(wide) - 1 - strlen(wide));
	strbuf_addf(&text, SITE("b") "hosts = b.b\nbase_path = /\n%s\n", wide);
	struct conf *conf = load_good(text.data);
	char *first = printed(conf);
	assert_holds(first, wide);
	conf_free(conf);

	/* The note on `sites` is gone the second time: its value was left empty. */
	conf = load_good(first);
	char *second = printed(conf);
	assert_string_equal(strstr(second, "listen = "), strstr(first, "listen = "));
	conf_free(conf);
	free(first);
	free(second);
	strbuf_clear(&text);
}

FIXTURE(NULL, NULL)

TEST(sections_of_the_table)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		assert_ptr_equal(conf_key_find(key->section, key->name), key);
		assert_true(key->section == SECTION_SERVER || key->section == SECTION_SITE);
		assert_in_range(strlen(key->what), 10, 120);
		assert_int_equal(key->what[strlen(key->what) - 1], '.');
	}
}

/* ---- the example, run from the project's folder ---- */

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(example_shows_every_key)
{
	static char text[65536];
	FILE *file = fopen("docs/prebind.conf.example", "r");
	assert_non_null(file);
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		bool installed = strcmp(key->name, "templates") == 0; /* depends on the prefix */
		char line[256];
		snprintf(line, sizeof(line),
			 key->initial[0] == '\0' || installed ? "\n;%s =%s" : "\n;%s = %s\n",
			 key->name, installed ? " /" : key->initial);
		if (strstr(text, line) == NULL && key->needed == NEEDED_NEVER)
			fail_msg("not in the example: %s", line);
		if (key->needed != NEEDED_NEVER) {
			snprintf(line, sizeof(line), "\n%s = ", key->name);
			char commented[256];
			snprintf(commented, sizeof(commented), "\n;%s = ", key->name);
			assert_true(strstr(text, line) != NULL || strstr(text, commented) != NULL);
		}
	}
	conf_free(load_good(text));
}
