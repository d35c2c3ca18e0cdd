/*
 * The table of configuration keys. A new key needs a member in conf/conf.h, a row here, and a
 * paragraph in the manual. Other code mentions a key by name only to check the key against another
 * key.
 */
#include "conf/keys.h"

#include <string.h>

#include "conf/number.h"
#include "conf/placeholder.h"
#include "xmpp/sasl.h"

/* The longest path for bind(2): sun_path of unix(7) has 108 bytes, including the NUL. */
#define SOCKET_PATH_MAX 107

#define SERVER(field)                                                                              \
	.section = SECTION_SERVER, .name = #field, .offset = offsetof(struct server_conf, field)
#define SERVER_MS(field)                                                                           \
	.section = SECTION_SERVER, .name = #field,                                                 \
	.offset = offsetof(struct server_conf, field##_ms)
#define SITE(field)                                                                                \
	.section = SECTION_SITE, .name = #field, .offset = offsetof(struct site_conf, field)
#define SITE_MS(field)                                                                             \
	.section = SECTION_SITE, .name = #field, .offset = offsetof(struct site_conf, field##_ms)

static const char *const log_level_words[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
    NULL,
};
static const char *const log_format_words[] = {
    [LOG_FORMAT_JSON] = "json",
    [LOG_FORMAT_TEXT] = "text",
    NULL,
};
static const char *const identity_words[] = {
    PROVIDER_LOGIN,       PROVIDER_REMOTE_USER, PROVIDER_SITE_SESSION, PROVIDER_TOKEN,
    PROVIDER_PHP_SESSION, PROVIDER_SITE_HTTP,   PROVIDER_GUEST,        NULL};
static const char *const transform_words[] = {
    [TRANSFORM_NONE] = "none",
    [TRANSFORM_SHA1] = "sha1",
    [TRANSFORM_SHA256] = "sha256",
    [TRANSFORM_DRUPAL] = "drupal",
    NULL,
};
static const char *const site_result_words[] = {
    [SITE_RESULT_USER] = "user",
    [SITE_RESULT_DJANGO] = "django",
    [SITE_RESULT_WORDPRESS] = "wordpress",
    [SITE_RESULT_PHP] = PROVIDER_PHP_SESSION,
    NULL,
};
static const char *const php_format_words[] = {
    [PHP_FORMAT_PHP] = "php",
    [PHP_FORMAT_SERIALIZE] = "php_serialize",
    [PHP_FORMAT_BINARY] = "php_binary",
    NULL,
};
static const char *const client_words[] = {
    [CLIENT_BUILTIN] = "builtin",
    [CLIENT_CONVERSE] = "converse",
    [CLIENT_NONE] = "none",
    NULL,
};
static const char *const people_words[] = {
    [PEOPLE_OFF] = "off", [PEOPLE_CONTACTS] = "contacts", [PEOPLE_ALL] = "all", NULL};
static const char *const accounts_words[] = {[ACCOUNTS_ALL] = "all", [ACCOUNTS_MAP] = "map", NULL};
static const char *const backend_words[] = {
    [BACKEND_TIGASE] = "tigase", [BACKEND_BOSH] = "bosh", NULL};
static const char *const format_words[] = {[FORMAT_JSON] = "json", [FORMAT_XML] = "xml", NULL};
static const char *const token_format_words[] = {
    [TOKEN_FORMAT_HMAC] = "hmac", [TOKEN_FORMAT_JWT] = "jwt", NULL};
static const char *const provision_words[] = {
    [PROVISION_NO] = "no",
    [PROVISION_TIGASE] = "tigase",
    [PROVISION_EJABBERD] = "ejabberd",
    [PROVISION_PROSODY_TOKEN] = "prosody-token",
    NULL,
};
static const char *const key_in_words[] = {
    [KEY_IN_HEADER] = "header", [KEY_IN_QUERY] = "query", NULL};
static const char *const bosh_auth_words[] = {
    [BOSH_AUTH_PASSWORD] = "password",
    [BOSH_AUTH_JWT] = "jwt",
    [BOSH_AUTH_OAUTH] = "oauth",
    [BOSH_AUTH_TOKEN] = "token",
    NULL,
};
static const char *const mechanism_words[] = {SASL_SCRAM_SHA_256, SASL_SCRAM_SHA_1, SASL_PLAIN,
					      SASL_X_OAUTH2, NULL};

const char *const conf_needed_with[] = {
    [NEEDED_NEVER] = "",
    [NEEDED_ALWAYS] = "",
    [NEEDED_BY_TIGASE] = " with backend = tigase",
    [NEEDED_BY_BOSH] = " with backend = bosh or provider " PROVIDER_GUEST,
    [NEEDED_BY_TOKEN] = " with provider " PROVIDER_TOKEN,
    [NEEDED_BY_EJABBERD] = " with provision = ejabberd",
    [NEEDED_BY_SITE_SESSION] = " with provider " PROVIDER_SITE_SESSION,
    [NEEDED_BY_SITE_COOKIE] = " with provider " PROVIDER_SITE_SESSION,
    [NEEDED_BY_PHP_SESSION] = " with provider " PROVIDER_PHP_SESSION,
    [NEEDED_BY_SITE_HTTP] = " with provider " PROVIDER_SITE_HTTP,
    [NEEDED_BY_GUEST] = " with provider " PROVIDER_GUEST,
    [NEEDED_BY_BOSH_JWT] = " with bosh_auth = jwt",
    [NEEDED_BY_BOSH_OAUTH] = " with bosh_auth = oauth",
    [NEEDED_BY_BOSH_TOKEN] = " with bosh_auth = token",
};

/* The rows, one paragraph for each key, in the order in which they are printed. */
/* clang-format off */
const struct conf_key conf_keys[] = {
	{SERVER(listen), .type = TYPE_PATH, .initial = "", .max = SOCKET_PATH_MAX,
	 .what = "The UNIX socket on which to serve FastCGI; empty: the web server starts the "
		 "program, as FastCGI (descriptor 0) or CGI."},
	{SERVER(processes), .type = TYPE_INTEGER, .initial = "2", .min = 1, .max = 64,
	 .what = "The number of worker processes that answer requests on the socket."},
	{SERVER(threads), .type = TYPE_INTEGER, .initial = "16", .min = 1, .max = 1024,
	 .what = "The number of requests that one process works on at a time."},
	{SERVER(waiting_max), .type = TYPE_INTEGER, .initial = "1024", .min = 1, .max = 8192,
	 .what = "How many requests of one process can wait, for example for the XMPP server; they "
		 "do not count as `threads`."},
	{SERVER_MS(drain), .type = TYPE_TIME, .initial = "0", .min = 0, .max = NUMBER_MINUTE_MS,
	 .what = "How long the server continues to serve after SIGTERM, while /health answers "
		 "503; 0: the server stops at once."},
	{SERVER(log), .type = TYPE_LOG, .initial = "stderr",
	 .what = "Where the log goes: to stderr, to syslog, or to a file."},
	{SERVER(log_level), .type = TYPE_ENUM, .initial = "info", .words = log_level_words,
	 .what = "The lowest level that is logged."},
	{SERVER(log_format), .type = TYPE_ENUM, .initial = "json", .words = log_format_words,
	 .what = "The format of the log's lines: json for programs, or text for people."},
	{SERVER(sites), .type = TYPE_PATH, .initial = "",
	 .what = "The path of files with more [site NAME] sections; the path can contain * and "
		 "?."},
	{SERVER(user), .type = TYPE_WORD, .initial = "",
	 .what = "The account that the program switches to if it is started as root."},
	{SERVER(socket_group), .type = TYPE_WORD, .initial = "",
	 .what = "The group that is allowed to connect to the socket."},
	{SERVER(peer_users), .type = TYPE_WORDS, .initial = "www-data",
	 .what = "The accounts whose processes are allowed to connect to the socket."},
	{SERVER(status_token_file), .type = TYPE_PATH, .initial = "", .secret_file = true,
	 .what = "The file with the token for reading /metrics and /status from other machines; "
		 "empty: only this machine can read them."},
	{SERVER(trusted_proxies), .type = TYPE_NETS, .initial = "",
	 .what = "Addresses and networks of proxies whose Forwarded and X-Forwarded-* headers "
		 "prebind uses; empty: none."},
	{SERVER(allow_tcp), .type = TYPE_BOOL, .initial = "off",
	 .what = "Accept a TCP socket on loopback; the variable FCGI_WEB_SERVER_ADDRS lists the "
		 "addresses that can connect."},

	{SITE(hosts), .type = TYPE_HOSTS, .initial = "",
	 .what = "The host names of this site, without a port; empty: every host name, if there "
		 "is only one site."},
	{SITE(base_path), .type = TYPE_MOUNT, .initial = "",
	 .what = "The path at which the program is mounted, or / for the root; empty: prebind "
		 "uses SCRIPT_NAME."},
	{SITE(public_path), .type = TYPE_MOUNT, .initial = "",
	 .what = "The program's path in the browser, if a proxy removes a part of the path; "
		 "empty: the same as base_path."},
	{SITE(database), .type = TYPE_OWN_DB, .initial = "", .needed = NEEDED_ALWAYS,
	 .what = "prebind's own database: an SQLite file, or postgresql://…, which several "
		 "machines can share."},
	{SITE(database_password_file), .type = TYPE_PATH, .initial = "", .secret_file = true,
	 .what = "The file with the password for a database on PostgreSQL; empty: no password."},
	{SITE(templates), .type = TYPE_PATH, .initial = PREBIND_DATADIR "/templates",
	 .what = "The folder with the templates of the pages."},
	{SITE(language), .type = TYPE_WORDS, .initial = "en de fr",
	 .what = "The languages of the pages; a visitor gets the language that the browser "
		 "prefers, or else the first one."},
	{SITE(client), .type = TYPE_ENUM, .initial = "builtin", .words = client_words,
	 .what = "The chat client of the page: prebind's own (builtin), Converse.js (converse), "
		 "or none (only the data)."},
	{SITE(identity), .type = TYPE_WORDS, .initial = PROVIDER_LOGIN, .words = identity_words,
	 .what = "The providers that find out who is logged in, in the order in which prebind "
		 "asks them."},
	{SITE(exclude_users), .type = TYPE_WORDS, .initial = "0 anonymous guest",
	 .what = "Names that the site or the web server uses for a visitor who is not "
		 "logged in."},
	{SITE(login_url), .type = TYPE_LINK, .initial = "",
	 .what = "The path or URL to which prebind redirects a visitor who is not logged in; "
		 "empty: prebind's own /login."},
	{SITE(jid), .type = TYPE_JID_RULE, .initial = "", .needed = NEEDED_ALWAYS,
	 .what = "The rule that makes the JID of a site user who has no row in the JID map."},
	{SITE(accounts), .type = TYPE_ENUM, .initial = "all", .words = accounts_words,
	 .what = "Who has an XMPP account: every site user, or only users with a row in the JID "
		 "map."},
	{SITE(deny_jids), .type = TYPE_WORDS, .initial = "admin administrator root postmaster",
	 .what = "XMPP accounts that no site user can get: localparts or bare JIDs."},
	{SITE(resource), .type = TYPE_RESOURCE, .initial = "web-" PLACEHOLDER_RANDOM,
	 .what = "The resource of the JID; " PLACEHOLDER_RANDOM " is different for each session; "
		 "server: the XMPP server chooses."},
	{SITE(allow_http), .type = TYPE_BOOL, .initial = "off",
	 .what = "Serve plain http and set cookies without Secure; for loopback and tests "
		 "only."},
	{SITE(trusted_types), .type = TYPE_BOOL, .initial = "off",
	 .what = "Do not allow scripts of the pages to turn text into HTML or code, except on "
		 "Converse.js's page."},
	{SITE_MS(session_idle), .type = TYPE_TIME, .initial = "30m",
	 .min = 5 * NUMBER_MINUTE_MS, .max = 24 * NUMBER_HOUR_MS,
	 .what = "A login ends if it is not used for this time."},
	{SITE_MS(session_absolute), .type = TYPE_TIME, .initial = "12h",
	 .min = 5 * NUMBER_MINUTE_MS, .max = 24 * NUMBER_HOUR_MS,
	 .what = "A login ends this long after it began, even if it is used."},
	{SITE(session_cookie), .type = TYPE_OWN_NAME, .initial = "prebind",
	 .max = SESSION_COOKIE_MAX,
	 .what = "The first part of the names of prebind's cookies; installations on the same "
		 "host need different values."},
	{SITE(limit_login), .type = TYPE_LIMIT, .initial = "10/15m",
	 .what = "How many wrong passwords one user can enter in the given time before the user "
		 "must wait."},
	{SITE(login_query), .type = TYPE_PATH, .initial = "",
	 .what = "The file with the SELECT that finds the password hash of :user in "
		 "site_database; empty: prebind's own users."},
	{SITE(allow_weak_hashes), .type = TYPE_BOOL, .initial = "off",
	 .what = "Also accept the weak hashes $apr1$, {SHA}, {SSHA}, {SSHA256} and {MyBB} "
		 "from login_query."},
	{SITE(token_cookie), .type = TYPE_COOKIE, .initial = "chat_token",
	 .what = "The name of the cookie with the token that the site signs, for provider token."},
	{SITE(token_format), .type = TYPE_ENUM, .initial = "hmac", .words = token_format_words,
	 .what = "The format of the site's token: prebind's own (hmac), or a JSON Web Token "
		 "(jwt)."},
	{SITE(token_key_file), .type = TYPE_PATH, .initial = "", .needed = NEEDED_BY_TOKEN,
	 .secret_file = true,
	 .what = "The file with up to four keys for the site's tokens, each on a line kid:key."},
	{SITE(token_audience), .type = TYPE_WORD, .initial = "", .needed = NEEDED_BY_TOKEN,
	 .what = "The value that aud in a token must have; prebind refuses tokens for another "
		 "service."},
	{SITE(token_user_claim), .type = TYPE_WORD, .initial = "",
	 .what = "The claim with the user's name; empty: the claim user, or the claim sub in a "
		 "JWT that has no claim user."},
	{SITE(token_origins), .type = TYPE_ORIGINS, .initial = "",
	 .what = "The origins whose pages may post a one-time token to /login; empty: none."},
	{SITE(limit_bind_user), .type = TYPE_LIMIT, .initial = "10/1m",
	 .what = "How many chat sessions one user can start in the given time."},
	{SITE(limit_bind_ip), .type = TYPE_LIMIT, .initial = "60/1m",
	 .what = "How many chat sessions one IP address can start in the given time."},
	{SITE(guest_domain), .type = TYPE_HOST, .initial = "", .needed = NEEDED_BY_GUEST,
	 .what = "The XMPP domain in which visitors who are not logged in get a session without "
		 "an account."},
	{SITE(limit_guest_ip), .type = TYPE_LIMIT, .initial = "20/10m",
	 .what = "How many chat sessions the guests at one IP address can start in the given "
		 "time."},
	{SITE(people), .type = TYPE_ENUM, .initial = "off", .words = people_words,
	 .what = "Which people of the site a visitor sees by name: nobody, people in the "
		 "visitor's own contact list, or everybody."},
	{SITE(people_query), .type = TYPE_PATH, .initial = "",
	 .what = "The file with the SELECT that finds people in site_database; empty: the people "
		 "are prebind's own users."},
	{SITE(picture_origins), .type = TYPE_ORIGINS, .initial = "",
	 .what = "Origins from which the page can load people's pictures, in addition to the "
		 "site's own origin."},
	{SITE(limit_people), .type = TYPE_LIMIT, .initial = "30/1m",
	 .what = "How many searches for people one user can make in the given time."},
	{SITE(gateway), .type = TYPE_BOOL, .initial = "off",
	 .what = "Answer Tigase's REST call, /rest/adhoc/bosh@DOMAIN, for callers that "
		 "`prebindctl gateway add` added."},
	{SITE(limit_gateway), .type = TYPE_LIMIT, .initial = "600/1m",
	 .what = "How many calls one gateway caller can make in the given time."},

	{SITE(rooms), .type = TYPE_ROOMS, .initial = "",
	 .what = "Rooms (group chats) that every user sees; with join, every user enters the "
		 "room automatically."},
	{SITE(staff), .type = TYPE_JIDS, .initial = "", .max = 8,
	 .what = "JIDs of the staff, in order of preference; users can ask the staff and report "
		 "messages to them."},

	{SITE(upload_origins), .type = TYPE_ORIGINS, .initial = "",
	 .what = "Origins of the XMPP server's upload service (XEP-0363), not on the site's "
		 "hosts; empty: nobody can send files."},

	{SITE(jid_domains), .type = TYPE_HOSTS, .initial = "", .max = 16,
	 .what = "With jid = {email}: the domains whose e-mail addresses are JIDs; users of "
		 "other domains get no account."},
	{SITE(remote_user_realm), .type = TYPE_REALMS, .initial = "", .max = 16,
	 .what = "Accepted realms of names like user@REALM; prebind removes the first realm. Write "
		 "PREFIX\\=REALM for PREFIX\\user."},
	{SITE(remote_user_auth_types), .type = TYPE_WORDS, .initial = "",
	 .what = "The accepted values of AUTH_TYPE; empty: every value."},

	{SITE(site_database), .type = TYPE_SITE_DB, .initial = "",
	 .needed = NEEDED_BY_SITE_SESSION,
	 .what = "The site's own database, which prebind only reads: an SQLite file, mariadb://… "
		 "or postgresql://…."},
	{SITE(site_database_password_file), .type = TYPE_PATH, .initial = "", .secret_file = true,
	 .what = "The file with the password for site_database; empty: no password."},
	{SITE(site_connections_max), .type = TYPE_INTEGER, .initial = "16", .min = 1, .max = 1024,
	 .what = "How many connections one process opens to the server of site_database, for all "
		 "sites together."},
	{SITE(site_query), .type = TYPE_PATH, .initial = "", .needed = NEEDED_BY_SITE_SESSION,
	 .what = "The file with the SELECT that finds the user of a session."},
	{SITE(site_cookie), .type = TYPE_COOKIE, .initial = "", .needed = NEEDED_BY_SITE_COOKIE,
	 .what = "The name of the site's session cookie; site_query gets the cookie's value as "
		 ":sid."},
	{SITE(site_cookie_transform), .type = TYPE_ENUM, .initial = "none",
	 .words = transform_words,
	 .what = "What the site stores: the cookie's value (none), its digest in hex, or "
		 "Drupal's form of its digest."},
	{SITE(site_profile_query), .type = TYPE_PATH, .initial = "",
	 .what = "The file with a second SELECT, which finds user, display_name and jid for "
		 ":user."},
	{SITE(site_result), .type = TYPE_ENUM, .initial = "user", .words = site_result_words,
	 .what = "What site_query returns: the user, a session of Django or PHP, or the data to "
		 "check WordPress's cookie."},
	{SITE(site_secret_file), .type = TYPE_PATH, .initial = "", .secret_file = true,
	 .what = "The file with Django's SECRET_KEY or WordPress's keys; other accounts must not "
		 "have access to the file."},

	{SITE(php_session_path), .type = TYPE_SESSIONS, .initial = "/var/lib/php/sessions",
	 .what = "The folder of PHP's sessions: PHP's session.save_path."},
	{SITE(php_session_cookie), .type = TYPE_COOKIE, .initial = "PHPSESSID",
	 .what = "The name of PHP's session cookie: PHP's session.name."},
	{SITE(php_session_user), .type = TYPE_KEYS, .initial = "", .needed = NEEDED_BY_PHP_SESSION,
	 .what = "Where the user's name is in the session; user.name means "
		 "$_SESSION['user']['name']."},
	{SITE(php_session_display), .type = TYPE_KEYS, .initial = "",
	 .what = "Where the display name is in the session; empty: the page shows the user's "
		 "name."},
	{SITE(php_session_password), .type = TYPE_KEYS, .initial = "",
	 .what = "Where the hash of the user's password is in a session that site_query returns."},
	{SITE(php_session_format), .type = TYPE_ENUM, .initial = "php", .words = php_format_words,
	 .what = "The format of PHP's sessions: PHP's session.serialize_handler."},
	{SITE_MS(php_session_max_age), .type = TYPE_TIME, .initial = "24m",
	 .min = NUMBER_MINUTE_MS, .max = 8760 * NUMBER_HOUR_MS,
	 .what = "PHP's session.gc_maxlifetime; a session ends if PHP has not written it for "
		 "this time."},
	{SITE(php_session_owner), .type = TYPE_WORD, .initial = "",
	 .what = "The account that PHP runs as, which owns the session files; empty: the account "
		 "of prebind."},

	{SITE(site_http_url), .type = TYPE_URL, .initial = "", .needed = NEEDED_BY_SITE_HTTP,
	 .what = "The site's URL that says which user a visitor's cookies belong to."},
	{SITE(site_http_cookies), .type = TYPE_COOKIES, .initial = "", .needed = NEEDED_BY_SITE_HTTP,
	 .what = "The names of the site's cookies that prebind sends to site_http_url; prebind "
		 "does not send other cookies."},
	{SITE_MS(site_http_cache), .type = TYPE_TIME, .initial = "5s",
	 .min = 0, .max = 30 * NUMBER_SECOND_MS,
	 .what = "How long prebind reuses an answer of site_http_url; 0: prebind asks the site "
		 "for each request."},

	{SITE(backend), .type = TYPE_ENUM, .initial = "tigase", .words = backend_words,
	 .what = "How to make a chat session: with Tigase's REST call, or by logging in over "
		 "BOSH."},
	{SITE(bosh_url), .type = TYPE_BOSH_URL, .initial = "/http-bind",
	 .what = "The BOSH URL for the browser; prebind replaces " PLACEHOLDER_HOSTNAME " with the "
		 "name of the cluster's node."},
	{SITE(bosh_hosts), .type = TYPE_NODES, .initial = "",
	 .what = "The nodes that can replace " PLACEHOLDER_HOSTNAME " in bosh_url: NAME, or "
		 "NAME=PUBLIC if browsers use another name."},
	{SITE(hold), .type = TYPE_INTEGER, .initial = "1", .min = 1, .max = 2,
	 .what = "How many requests the XMPP server can hold at a time (XEP-0124 hold)."},
	{SITE(wait), .type = TYPE_SECONDS, .initial = "60", .min = 1, .max = 300,
	 .what = "How long the XMPP server can hold a request (XEP-0124 wait)."},
	{SITE_MS(timeout), .type = TYPE_TIME, .initial = "4s",
	 .min = 100, .max = 60 * NUMBER_SECOND_MS,
	 .what = "The longest time to make one chat session, with all its round trips."},
	{SITE_MS(session_life), .type = TYPE_TIME, .initial = "0", .min = 0, .max = NUMBER_HOUR_MS,
	 .what = "How long the XMPP server keeps a chat session that no browser uses; 0: the "
		 "back end sets the time."},
	{SITE(upstream_http), .type = TYPE_BOOL, .initial = "off",
	 .what = "Allow plain http to an XMPP server that is not on loopback."},
	{SITE(ca_file), .type = TYPE_PATH, .initial = "",
	 .what = "The certificate authorities to trust for calls to the XMPP server; empty: "
		 "those of the system."},
	{SITE(upstream_pin), .type = TYPE_PINS, .initial = "",
	 .what = "Public keys, one of which the XMPP server must have; empty: prebind accepts "
		 "every key."},
	{SITE(upstream_max), .type = TYPE_INTEGER, .initial = "16", .min = 1, .max = 1024,
	 .what = "How many chat sessions one process makes at a time; other visitors wait."},

	{SITE(tigase_url), .type = TYPE_URLS, .initial = "", .needed = NEEDED_BY_TIGASE,
	 .what = "The URL of Tigase's REST call, with the JID of Tigase's BOSH component; "
		 "prebind tries several URLs in order."},
	{SITE(tigase_format), .type = TYPE_ENUM, .initial = "json", .words = format_words,
	 .what = "The format of the calls to Tigase."},
	{SITE(tigase_user), .type = TYPE_WORD, .initial = "", .needed = NEEDED_BY_TIGASE,
	 .what = "The JID of the administrator account with which prebind calls Tigase."},
	{SITE(tigase_password_file), .type = TYPE_PATH, .initial = "", .needed = NEEDED_BY_TIGASE,
	 .secret_file = true,
	 .what = "The file with the password of tigase_user; other accounts must not have access "
		 "to the file."},
	{SITE(tigase_api_key_file), .type = TYPE_PATH, .initial = "", .secret_file = true,
	 .what = "The file with Tigase's API key, if Tigase requires one."},
	{SITE(tigase_api_key_in), .type = TYPE_ENUM, .initial = "header", .words = key_in_words,
	 .what = "Where to send Tigase's API key: in a header or, for old servers, in the query "
		 "string."},

	{SITE(provision), .type = TYPE_ENUM, .initial = "no", .words = provision_words,
	 .what = "How to create a user's XMPP account when the user needs the account for the "
		 "first time; no: never."},
	{SITE(provision_url), .type = TYPE_URL, .initial = "", .needed = NEEDED_BY_EJABBERD,
	 .what = "The URL of ejabberd's API that creates accounts, /api/register."},
	{SITE(provision_user), .type = TYPE_WORD, .initial = "",
	 .what = "The JID with which prebind calls provision_url; empty: no credentials."},
	{SITE(provision_password_file), .type = TYPE_PATH, .initial = "", .secret_file = true,
	 .what = "The file with the password of provision_user."},

	{SITE(bosh_service), .type = TYPE_URLS, .initial = "", .needed = NEEDED_BY_BOSH,
	 .what = "The BOSH URL at which prebind logs in; prebind tries several URLs in order."},
	{SITE(bosh_auth), .type = TYPE_ENUM, .initial = "password", .words = bosh_auth_words,
	 .what = "How to log in at bosh_service: with the user's own XMPP password (password), "
		 "or without this password."},
	{SITE(bosh_mechanisms), .type = TYPE_WORDS, .initial = "", .words = mechanism_words,
	 .what = "The SASL mechanisms that prebind can use; empty: the strongest that prebind "
		 "and the server support."},
	{SITE(bosh_password_query), .type = TYPE_PATH, .initial = "",
	 .what = "The file with the SELECT for a user's XMPP password in site_database, if the "
		 "JID map has no password."},
	{SITE(bosh_route), .type = TYPE_WORD, .initial = "",
	 .what = "The XMPP server to which the BOSH service connects (XEP-0124 route), if the "
		 "service has several servers."},
	{SITE(bosh_token_key_file), .type = TYPE_PATH, .initial = "", .needed = NEEDED_BY_BOSH_TOKEN,
	 .secret_file = true,
	 .what = "The file with the key of one-time tokens; the XMPP server has the same key."},
	{SITE(bosh_jwt_key_file), .type = TYPE_PATH, .initial = "", .needed = NEEDED_BY_BOSH_JWT,
	 .secret_file = true,
	 .what = "The file with the key of JWTs (HS256); the XMPP server has the same key."},
	{SITE(bosh_oauth_url), .type = TYPE_URL, .initial = "", .needed = NEEDED_BY_BOSH_OAUTH,
	 .what = "The URL of ejabberd's API that issues tokens, /api/oauth_issue_token."},
	{SITE(bosh_oauth_user), .type = TYPE_WORD, .initial = "",
	 .what = "The JID with which prebind calls bosh_oauth_url; empty: no credentials."},
	{SITE(bosh_oauth_password_file), .type = TYPE_PATH, .initial = "", .secret_file = true,
	 .what = "The file with the password of bosh_oauth_user."},
	{SITE(credentials), .type = TYPE_BOOL, .initial = "off",
	 .what = "Answer /credentials.json with a JID and a one-time password, for clients that "
		 "use WebSocket."},
};
/* clang-format on */

#define N_KEYS (sizeof(conf_keys) / sizeof(conf_keys[0]))
_Static_assert(N_KEYS <= CONF_KEYS_MAX, "raise CONF_KEYS_MAX");
const size_t conf_n_keys = N_KEYS;

const struct conf_key *conf_key_find(enum conf_section section, const char *name)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		const struct conf_key *key = &conf_keys[i];
		if (key->section == section && strcmp(key->name, name) == 0)
			return key;
	}
	return NULL;
}

const char *conf_key_what(bool server, const char *name)
{
	const struct conf_key *key = conf_key_find(server ? SECTION_SERVER : SECTION_SITE, name);

	return key != NULL ? key->what : NULL;
}
