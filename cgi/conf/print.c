/*
 * Prints the effective configuration (as a file or JSON), and the reference of all keys. Never
 * prints secrets, because the configuration has only the names of their files.
 */
#include <string.h>

#include "base/json.h"
#include "conf/conf.h"
#include "conf/keys.h"
#include "conf/rooms.h"
#include "conf/value.h"

static void value_print(const struct conf_key *key, const void *section, struct strbuf *out)
{
	struct strbuf value;
	strbuf_init(&value);
	value_text(key, section, &value);
	strbuf_addf(out, "%s = %s\n", key->name, value.data);
	strbuf_clear(&value);
}

static void section_print(enum conf_section which, const void *section, struct strbuf *out)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		if (conf_keys[i].section == which)
			value_print(&conf_keys[i], section, out);
	}
}

/*
 * Prints [server] with an empty `sites`. The sites from the files in `sites` are printed as
 * sections, so a reader of the output must not load those files again.
 */
static void server_print(const struct conf *conf, struct strbuf *out)
{
	struct server_conf server = conf->server;
	char none[] = "";
	server.sites = none;
	strbuf_adds(out, "[server]\n");
	if (conf->server.sites[0] != '\0')
		strbuf_addf(out, "; the sites from the files %s are below\n", conf->server.sites);
	section_print(SECTION_SERVER, &server, out);
}

void conf_print(const struct conf *conf, struct strbuf *out)
{
	server_print(conf, out);
	for (size_t i = 0; i < conf->n_sites; i++) {
		strbuf_addf(out, "\n[site %s]\n", conf->sites[i].name);
		section_print(SECTION_SITE, &conf->sites[i], out);
	}
}

static void list_json(const struct conf_key *key, const struct conf_list *list,
		      struct json_writer *w)
{
	json_open_array(w, key->name);
	for (size_t i = 0; i < list->count; i++)
		json_put_string(w, NULL, list->items[i]);
	json_close_array(w);
}

static void text_json(const struct conf_key *key, const void *section, struct json_writer *w)
{
	struct strbuf value;
	strbuf_init(&value);
	value_text(key, section, &value);
	json_put_string(w, key->name, value.data);
	strbuf_clear(&value);
}

static void section_json(enum conf_section which, const void *section, struct json_writer *w)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		if (key->section != which)
			continue;
		const void *field = value_field(key, section);
		switch (key->type) {
		case TYPE_BOOL:
			json_put_bool(w, key->name, *(const bool *)field);
			break;
		case TYPE_INTEGER:
		case TYPE_SECONDS:
			json_put_integer(w, key->name, *(const long *)field);
			break;
		case TYPE_WORDS:
		case TYPE_HOSTS:
		case TYPE_NODES:
		case TYPE_URLS:
		case TYPE_ORIGINS:
		case TYPE_JIDS:
		case TYPE_REALMS:
		case TYPE_PINS:
			list_json(key, field, w);
			break;
		case TYPE_ROOMS:
			rooms_put_json(field, key->name, w);
			break;
		default:
			text_json(key, section, w);
		}
	}
}

void conf_print_json(const struct conf *conf, struct strbuf *out)
{
	struct json_writer w;
	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, "file", conf->file);
	json_open_object(&w, "server");
	section_json(SECTION_SERVER, &conf->server, &w);
	json_close_object(&w);
	json_open_array(&w, "sites");
	for (size_t i = 0; i < conf->n_sites; i++) {
		const struct site_conf *site = &conf->sites[i];
		json_open_object(&w, NULL);
		json_put_string(&w, "name", site->name);
		json_put_string(&w, "file", site->file);
		json_put_integer(&w, "line", site->line);
		section_json(SECTION_SITE, site, &w);
		json_close_object(&w);
	}
	json_close_array(&w);
	json_close_object(&w);
}

void conf_print_keys(struct strbuf *out)
{
	enum conf_section section = SECTION_NONE;
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		if (key->section != section)
			strbuf_adds(out, key->section == SECTION_SERVER ? "[server]\n"
									: "\n[site NAME]\n");
		section = key->section;
		struct strbuf allowed;
		strbuf_init(&allowed);
		value_allowed(key, &allowed);
		strbuf_addf(out, "  %-20s  %-7s  %-12s  %s Allowed: %s.", key->name,
			    value_type(key), key->initial[0] == '\0' ? "-" : key->initial,
			    key->what, allowed.data);
		if (key->needed != NEEDED_NEVER)
			strbuf_addf(out, " Must be set%s.", conf_needed_with[key->needed]);
		strbuf_addc(out, '\n');
		strbuf_clear(&allowed);
	}
}

static const char *needed_text(const struct conf_key *key)
{
	const char *with = conf_needed_with[key->needed];

	if (key->needed == NEEDED_NEVER)
		return "never";
	return with[0] == '\0' ? "always" : with + strspn(with, " ");
}

void conf_print_keys_json(struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_array(&w, NULL);
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		struct strbuf allowed;

		strbuf_init(&allowed);
		value_allowed(key, &allowed);
		json_open_object(&w, NULL);
		json_put_string(&w, "section", key->section == SECTION_SERVER ? "server" : "site");
		json_put_string(&w, "key", key->name);
		json_put_string(&w, "type", value_type(key));
		json_put_string(&w, "default", key->initial);
		json_put_string(&w, "allowed", allowed.data);
		json_put_string(&w, "what", key->what);
		json_put_string(&w, "needed", needed_text(key));
		json_close_object(&w);
		strbuf_clear(&allowed);
	}
	json_close_array(&w);
}
