/*
 * Checks values against each other: keys that a back end needs, times that contradict each other,
 * and keys that need another key. After all files are read, also checks that no two sites have a
 * host in common. value.c checks single values.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/load.h"
#include "conf/number.h"
#include "conf/placeholder.h"
#include "conf/realm.h"
#include "conf/site_uri.h"
#include "conf/value.h"
#include "xmpp/sasl.h"

static long line_of(const struct load *load, const char *name)
{
	return load->seen[conf_key_find(SECTION_SITE, name) - conf_keys];
}

static bool logs_in_by(const struct site_conf *site, enum conf_bosh_auth way)
{
	return site->backend == BACKEND_BOSH && site->bosh_auth == (long)way;
}

static bool is_needed(const struct conf_key *key, const struct site_conf *site)
{
	switch (key->needed) {
	case NEEDED_ALWAYS:
		return true;
	case NEEDED_BY_TIGASE:
		return site->backend == BACKEND_TIGASE;
	case NEEDED_BY_BOSH:
		return site->backend == BACKEND_BOSH ||
		       conf_site_has_provider(site, PROVIDER_GUEST);
	case NEEDED_BY_TOKEN:
		return conf_site_has_provider(site, PROVIDER_TOKEN);
	case NEEDED_BY_BOSH_JWT:
		return logs_in_by(site, BOSH_AUTH_JWT);
	case NEEDED_BY_BOSH_OAUTH:
		return logs_in_by(site, BOSH_AUTH_OAUTH);
	case NEEDED_BY_BOSH_TOKEN:
		return logs_in_by(site, BOSH_AUTH_TOKEN);
	case NEEDED_BY_EJABBERD:
		return site->provision == PROVISION_EJABBERD;
	case NEEDED_BY_SITE_SESSION:
		return conf_site_has_provider(site, PROVIDER_SITE_SESSION);
	case NEEDED_BY_SITE_COOKIE:
		return conf_site_has_provider(site, PROVIDER_SITE_SESSION) &&
		       site->site_result != SITE_RESULT_WORDPRESS;
	case NEEDED_BY_PHP_SESSION:
		return conf_site_has_provider(site, PROVIDER_PHP_SESSION);
	case NEEDED_BY_SITE_HTTP:
		return conf_site_has_provider(site, PROVIDER_SITE_HTTP);
	case NEEDED_BY_GUEST:
		return conf_site_has_provider(site, PROVIDER_GUEST);
	default:
		return false;
	}
}

static bool is_empty(struct load *load, const struct conf_key *key, const struct site_conf *site)
{
	struct strbuf text;
	strbuf_init(&text);
	value_text(key, site, &text);
	if (!strbuf_ok(&text))
		load_no_memory(load);
	bool empty = text.len == 0;
	strbuf_clear(&text);
	return empty;
}

static void needed_check(struct load *load, const struct site_conf *site)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		if (key->section != SECTION_SITE || !is_needed(key, site))
			continue;
		if (!is_empty(load, key, site))
			continue;
		load_fault(load, load->seen[i] != 0 ? load->seen[i] : site->line, key->name,
			   "is missing, but must be set in [site %s]%s. Meaning: %s", site->name,
			   conf_needed_with[key->needed], key->what);
	}
}

static void session_times_check(struct load *load, const struct site_conf *site)
{
	if (site->session_idle_ms <= site->session_absolute_ms)
		return;
	long line = line_of(load, "session_idle");
	if (line == 0)
		line = line_of(load, "session_absolute");
	load_fault(load, line, "session_idle",
		   "%lldm is longer than session_absolute (%lldm); make session_idle shorter",
		   site->session_idle_ms / NUMBER_MINUTE_MS,
		   site->session_absolute_ms / NUMBER_MINUTE_MS);
}

/* With {hostname} in bosh_url, requires backend = tigase and a list of hosts in bosh_hosts. */
static void bosh_url_check(struct load *load, const struct site_conf *site)
{
	if (!placeholder_is_in(site->bosh_url, PLACEHOLDER_HOSTNAME))
		return;
	if (site->backend != BACKEND_TIGASE)
		load_fault(load, line_of(load, "bosh_url"), "bosh_url",
			   "contains " PLACEHOLDER_HOSTNAME ", which works only with backend = "
			   "tigase; write the host name instead");
	else if (site->bosh_hosts.count == 0)
		load_fault(load, line_of(load, "bosh_url"), "bosh_url",
			   "contains " PLACEHOLDER_HOSTNAME ", but bosh_hosts is empty; set "
			   "bosh_hosts to the names of the cluster's nodes, as NAME or "
			   "NAME=PUBLIC");
}

/* With upstream_pin, requires https URLs, because only TLS shows the server's public key. */
static void pin_check(struct load *load, const struct site_conf *site)
{
	bool tigase = site->backend == BACKEND_TIGASE;
	const struct conf_list *urls = tigase ? &site->tigase_url : &site->bosh_service;
	for (size_t i = 0; site->upstream_pin.count > 0 && i < urls->count; i++) {
		if (strncmp(urls->items[i], "https:", 6) != 0)
			load_fault(load, line_of(load, "upstream_pin"), "upstream_pin",
				   "works only if every URL in %s begins with https://",
				   tigase ? "tigase_url" : "bosh_service");
	}
}

static void password_query_check(struct load *load, const struct site_conf *site)
{
	if (site->bosh_password_query[0] != '\0' && site->site_database[0] == '\0')
		load_fault(load, line_of(load, "bosh_password_query"), "bosh_password_query",
			   "also needs site_database, which is the database with the passwords");
}

const char *conf_mechanisms(const struct site_conf *site)
{
	static const char *const mechanisms[] = {
	    [BOSH_AUTH_PASSWORD] = SASL_SCRAM_SHA_256 " " SASL_SCRAM_SHA_1 " " SASL_PLAIN,
	    [BOSH_AUTH_JWT] = SASL_PLAIN,
	    [BOSH_AUTH_OAUTH] = SASL_X_OAUTH2,
	    [BOSH_AUTH_TOKEN] = SASL_PLAIN,
	};

	return mechanisms[site->bosh_auth];
}

static void mechanisms_check(struct load *load, const struct site_conf *site)
{
	const struct conf_list *allowed = &site->bosh_mechanisms;
	for (size_t i = 0; i < allowed->count; i++)
		if (strstr(conf_mechanisms(site), allowed->items[i]) != NULL)
			return;
	if (allowed->count > 0)
		load_fault(load, line_of(load, "bosh_mechanisms"), "bosh_mechanisms",
			   "has no mechanism that bosh_auth can use; allowed: one or more of %s",
			   conf_mechanisms(site));
}

static void oauth_check(struct load *load, const struct site_conf *site)
{
	bool user = site->bosh_oauth_user[0] != '\0';
	bool password = site->bosh_oauth_password_file[0] != '\0';
	const char *given = user ? "bosh_oauth_user" : "bosh_oauth_password_file";
	if (user != password)
		load_fault(load, line_of(load, given), given, "also needs %s",
			   user ? "bosh_oauth_password_file" : "bosh_oauth_user");
}

static void route_check(struct load *load, const struct site_conf *site)
{
	if (site->bosh_route[0] != '\0' && strncmp(site->bosh_route, "xmpp:", 5) != 0)
		load_fault(load, line_of(load, "bosh_route"), "bosh_route",
			   "\"%s\" is not a route; allowed: xmpp:HOST:PORT", site->bosh_route);
}

/*
 * Refuses the key `credentials` if a browser would get a stored password or an OAuth token. A
 * stored password or an OAuth token is valid for several logins.
 */
static void credentials_check(struct load *load, const struct site_conf *site)
{
	if (site->credentials && !logs_in_by(site, BOSH_AUTH_JWT) &&
	    !logs_in_by(site, BOSH_AUTH_TOKEN))
		load_fault(load, line_of(load, "credentials"), "credentials",
			   "works only with backend = bosh and bosh_auth = token or jwt, because "
			   "other logins have no one-time password");
}

/*
 * Refuses an upload origin whose host is also in `hosts`. Otherwise a script in an uploaded page
 * would run on the site's own host, and could use the visitor's cookies.
 */
static void upload_check(struct load *load, const struct site_conf *site)
{
	for (size_t i = 0; i < site->upload_origins.count; i++) {
		const char *host = strstr(site->upload_origins.items[i], "://") + strlen("://");
		size_t len = strcspn(host, ":");
		for (size_t j = 0; j < site->hosts.count; j++)
			if (strncmp(site->hosts.items[j], host, len) == 0 &&
			    site->hosts.items[j][len] == '\0')
				load_fault(load, line_of(load, "upload_origins"), "upload_origins",
					   "\"%s\" is also in `hosts`, so an uploaded file could "
					   "act as a page of the site; use a separate host name "
					   "for the upload service",
					   site->upload_origins.items[i]);
	}
}

/* Requires site_database if login_query is set. */
static void login_users_check(struct load *load, const struct site_conf *site)
{
	if (site->login_query[0] != '\0' && site->site_database[0] == '\0')
		load_fault(load, line_of(load, "login_query"), "login_query",
			   "also needs site_database, which is the database of the site's users");
}

/* Checks that the list of people comes from the site's database or from our own table of users. */
static void people_source_check(struct load *load, const struct site_conf *site)
{
	bool own_users =
	    conf_site_has_provider(site, PROVIDER_LOGIN) && site->login_query[0] == '\0';

	if (site->people_query[0] != '\0' && site->site_database[0] == '\0')
		load_fault(load, line_of(load, "people_query"), "people_query",
			   "also needs site_database, which is the database of the site's people");
	else if (site->people != PEOPLE_OFF && site->people_query[0] == '\0' && !own_users)
		load_fault(load, line_of(load, "people"), "people_query",
			   "is missing, but must be set in [site %s] with people = %s, because "
			   "prebind's own table has no users of the site (see sql/sites)",
			   site->name, site->people == PEOPLE_ALL ? "all" : "contacts");
}

/* Refuses a password file for an SQLite database, because SQLite has no passwords. */
static void site_password_check(struct load *load, const struct site_conf *site)
{
	if (site->site_database_password_file[0] != '\0' &&
	    site_uri_kind(site->site_database) == SITE_URI_PATH)
		load_fault(load, line_of(load, "site_database_password_file"),
			   "site_database_password_file",
			   "is only for a site_database that begins with mariadb://, mysql:// or "
			   "postgresql://");
	if (site->database_password_file[0] != '\0' &&
	    site_uri_kind(site->database) == SITE_URI_PATH)
		load_fault(load, line_of(load, "database_password_file"), "database_password_file",
			   "is only for a database that begins with postgresql://");
}

/*
 * Checks the keys that a PHP or Django session needs. Django signs a session with its SECRET_KEY. A
 * Django session has only the user's number, so site_profile_query must find the user's name.
 */
static void django_check(struct load *load, const struct site_conf *site)
{
	if (!conf_site_has_provider(site, PROVIDER_SITE_SESSION))
		return;
	long line = line_of(load, "site_result");
	if (site->site_result == SITE_RESULT_PHP && site->php_session_user[0] == '\0')
		load_fault(
		    load, line, "php_session_user",
		    "is missing, but must be set in [site %s] with site_result = php_session; set "
		    "this key to the path of the user's name in the session, such as user.name",
		    site->name);
	if (site->php_session_password[0] != '\0' && site->site_profile_query[0] == '\0')
		load_fault(load, line_of(load, "php_session_password"), "php_session_password",
			   "also needs site_profile_query, to get the column `password`");
	if (site->site_result != SITE_RESULT_DJANGO)
		return;
	if (site->site_secret_file[0] == '\0')
		load_fault(load, line, "site_secret_file",
			   "is missing, but must be set in [site %s] with site_result = django; "
			   "set this key to a file with Django's SECRET_KEY",
			   site->name);
	else if (site->site_profile_query[0] == '\0')
		load_fault(load, line, "site_profile_query",
			   "is missing, but must be set in [site %s] with site_result = django; "
			   "use the query sql/sites/django/profile.sql",
			   site->name);
}

/*
 * Checks the keys for WordPress's signed cookie. Refuses site_profile_query, because site_query
 * already returns all data to verify the cookie.
 */
static void wordpress_check(struct load *load, const struct site_conf *site)
{
	if (site->site_result != SITE_RESULT_WORDPRESS ||
	    !conf_site_has_provider(site, PROVIDER_SITE_SESSION))
		return;
	if (site->site_secret_file[0] == '\0')
		load_fault(load, line_of(load, "site_result"), "site_secret_file",
			   "is missing, but must be set in [site %s] with site_result = wordpress; "
			   "set this key to a path, then write the file with `prebindctl wordpress "
			   "import WP-CONFIG.PHP`",
			   site->name);
	if (site->site_profile_query[0] != '\0')
		load_fault(load, line_of(load, "site_profile_query"), "site_profile_query",
			   "has no effect with site_result = wordpress; remove the line");
	if (site->site_cookie_transform != TRANSFORM_NONE)
		load_fault(load, line_of(load, "site_cookie_transform"), "site_cookie_transform",
			   "has no effect with site_result = wordpress; remove the line");
}

/* Checks that accounts are created on the same XMPP server that opens the chat sessions. */
static void provision_check(struct load *load, const struct site_conf *site)
{
	bool user = site->provision_user[0] != '\0';
	bool password = site->provision_password_file[0] != '\0';
	const char *given = user ? "provision_user" : "provision_password_file";
	if (user != password)
		load_fault(load, line_of(load, given), given, "also needs %s",
			   user ? "provision_password_file" : "provision_user");
	if (site->provision == PROVISION_TIGASE && site->backend != BACKEND_TIGASE)
		load_fault(load, line_of(load, "provision"), "provision",
			   "tigase works only with backend = tigase, because prebind creates "
			   "accounts through tigase_url as tigase_user");
	if (site->provision == PROVISION_PROSODY_TOKEN && !logs_in_by(site, BOSH_AUTH_TOKEN))
		load_fault(load, line_of(load, "provision"), "provision",
			   "prosody-token works only with backend = bosh and bosh_auth = token, "
			   "because an account exists after the first login with a one-time token");
	if (site->provision == PROVISION_EJABBERD && site->backend == BACKEND_TIGASE)
		load_fault(load, line_of(load, "provision"), "provision",
			   "ejabberd works only with backend = bosh");
}

static void realms_check(struct load *load, const struct site_conf *site)
{
	const struct conf_list *list = &site->remote_user_realm;
	const char *unknown = realm_unknown(list);

	if (unknown != NULL)
		load_fault(load, line_of(load, "remote_user_realm"), "remote_user_realm",
			   "\"%s\" is in this list, but the realm %s is not; add the realm",
			   unknown, realm_read(unknown).realm);
}

/*
 * Checks that provider `guest` is the last one, because it accepts every visitor. Also checks that
 * guests have an XMPP host of their own, so that no guest has a JID that could be a user's account.
 */
static void guest_check(struct load *load, const struct site_conf *site)
{
	const struct conf_list *providers = &site->identity;
	const char *at = strrchr(site->jid, '@');

	if (!conf_site_has_provider(site, PROVIDER_GUEST))
		return;
	if (strcmp(providers->items[providers->count - 1], PROVIDER_GUEST) != 0)
		load_fault(load, line_of(load, "identity"), "identity",
			   "guest must be the last word, because prebind never asks a provider "
			   "after guest");
	if (at != NULL && strcasecmp(at + 1, site->guest_domain) == 0)
		load_fault(load, line_of(load, "guest_domain"), "guest_domain",
			   "%s is also the domain of `jid`, which has the users' accounts; use a "
			   "separate domain for guests, such as guests.%s",
			   site->guest_domain, site->guest_domain);
	if (site->client == CLIENT_CONVERSE)
		load_fault(load, line_of(load, "client"), "client",
			   "converse does not work with provider guest, because Converse.js "
			   "requests a session at once; allowed: builtin, none");
}

/*
 * Refuses a database whose file name ends like a side file (such as SQLite's log). Also refuses a
 * database that an earlier site already uses.
 */
static void database_check(struct load *load, const struct site_conf *site)
{
	struct conf *conf = load->conf;
	const char *suffix = databases_side_suffix(site->database);
	const struct database_use *other = NULL;
	const struct database_use use = {
	    .site = (size_t)(site - conf->sites),
	    .line = line_of(load, "database"),
	};

	if (suffix != NULL)
		load_fault(load, use.line, "database",
			   "\"%s\" ends in %s, like files that SQLite creates next to a database; "
			   "choose another file name",
			   site->database, suffix);
	if (load->status == STATUS_OK && load->databases == NULL)
		load->status = databases_new(&load->databases, load->err);
	if (load->status == STATUS_OK)
		load->status =
		    databases_add(load->databases, site->database, &use, &other, load->err);
	if (load->status != STATUS_OK || other == NULL)
		return;
	const struct site_conf *first = &conf->sites[other->site];
	load_fault(
	    load, use.line, "database",
	    "is already the database of [site %s] (%s:%ld), so a login at one site would be valid "
	    "at both; give [site %s] another database, or write all hosts into one section",
	    first->name, first->file, other->line, site->name);
}

/* Appends the site's hosts to conf->hosts, which is sorted after all files are read. */
static void hosts_add(struct load *load, const struct site_conf *site)
{
	struct conf *conf = load->conf;
	if (site->hosts.count == 0)
		return;
	struct conf_host *hosts =
	    reallocarray(conf->hosts, conf->n_hosts + site->hosts.count, sizeof(*hosts));
	if (hosts == NULL) {
		load_no_memory(load);
		return;
	}
	conf->hosts = hosts;
	for (size_t i = 0; i < site->hosts.count; i++)
		hosts[conf->n_hosts++] = (struct conf_host){
		    .name = site->hosts.items[i],
		    .site = (size_t)(site - conf->sites),
		    .line = line_of(load, "hosts"),
		};
}

void load_check_site(struct load *load, const struct site_conf *site)
{
	needed_check(load, site);
	session_times_check(load, site);
	bosh_url_check(load, site);
	pin_check(load, site);
	password_query_check(load, site);
	mechanisms_check(load, site);
	oauth_check(load, site);
	provision_check(load, site);
	route_check(load, site);
	credentials_check(load, site);
	upload_check(load, site);
	django_check(load, site);
	wordpress_check(load, site);
	login_users_check(load, site);
	people_source_check(load, site);
	site_password_check(load, site);
	guest_check(load, site);
	realms_check(load, site);
	database_check(load, site);
	if (load->status == STATUS_OK)
		hosts_add(load, site);
}

/*
 * Orders by host name. Equal names are ordered by site, because qsort might not keep their order.
 */
static int host_compare(const void *a, const void *b)
{
	const struct conf_host *first = a;
	const struct conf_host *second = b;
	int order = strcmp(first->name, second->name);
	if (order != 0)
		return order;
	return first->site < second->site ? -1 : first->site > second->site;
}

static void host_unique_check(struct load *load, const struct conf_host *first,
			      const struct conf_host *second)
{
	if (strcmp(first->name, second->name) != 0)
		return;
	const struct site_conf *owner = &load->conf->sites[first->site];
	load->file = load->conf->sites[second->site].file;
	load_fault(load, second->line, "hosts",
		   "\"%s\" is already in [site %s] (%s:%ld); a host can be in only one site",
		   second->name, owner->name, owner->file, first->line);
}

void load_check_sites(struct load *load)
{
	struct conf *conf = load->conf;
	size_t n_all = conf->n_sites + conf->n_left_out;
	if (conf->n_sites == 0 && n_all > 0) {
		load->status = error_set(load->err, STATUS_BAD_REQUEST, "%s", conf->left_out[0]);
		return;
	}
	if (conf->n_sites == 0) {
		load->file = conf->file;
		load_fault(load, 0, NULL,
			   "there is no [site NAME] section; at least one is needed");
		return;
	}
	for (size_t i = 0; n_all > 1 && i < conf->n_sites; i++) {
		const struct site_conf *site = &conf->sites[i];
		if (site->hosts.count > 0)
			continue;
		load->file = site->file;
		load_fault(load, site->line, "hosts",
			   "is empty in [site %s], which is allowed only if there is one site, but "
			   "there are %zu; set the key hosts in each site",
			   site->name, n_all);
		return;
	}
	if (conf->n_hosts > 0)
		qsort(conf->hosts, conf->n_hosts, sizeof(*conf->hosts), host_compare);
	for (size_t i = 1; i < conf->n_hosts; i++)
		host_unique_check(load, &conf->hosts[i - 1], &conf->hosts[i]);
}
