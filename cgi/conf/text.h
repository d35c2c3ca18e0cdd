/*
 * The rules for values that are strings. Each function returns NULL if the value is valid,
 * otherwise the reason. The reason is the end of a sentence that begins with the value, such as
 * "does not begin with /". Internal to conf/.
 */
#ifndef CONF_TEXT_H
#define CONF_TEXT_H

const char *text_word_check(const char *text);
const char *text_path_check(const char *text);

#define TEXT_NO_MEMORY "out of memory" /* the reason if memory ran out during the check */

const char *text_realm_check(const char *text);
const char *text_cookie_check(const char *text); /* the name is a token (RFC 6265 4.1.1) */
const char *text_session_cookie_check(const char *text);
const char *text_keys_check(const char *text);     /* names separated by dots */
const char *text_sessions_check(const char *text); /* "[N;[MODE;]]/FOLDER" */
const char *text_log_check(const char *text);

/*
 * http(s)://HOST[:PORT][/PATH], without user, query or fragment. The URL is logged, so it must not
 * contain a secret.
 */
const char *text_url_check(const char *text);

/* A path on this host, or an http(s) URL. */
const char *text_link_check(const char *text);

/*
 * Like text_link_check, but {hostname} can occur once. The value becomes part of the
 * Content-Security-Policy.
 */
const char *text_bosh_url_check(const char *text);

/* http(s)://HOST[:PORT] in lower case, without a path, as in a browser's Origin header. */
const char *text_origin_check(const char *text);

const char *text_net_check(const char *text); /* see base/address.h */

const char *text_mount_check(const char *text);
const char *text_jid_rule_check(const char *text);
const char *text_resource_check(const char *text);
const char *text_host_check(const char *text); /* one host name, in lower case */
const char *text_node_check(const char *text); /* a host name, or two host names as NAME=PUBLIC */
const char *text_pin_check(const char *text);  /* "sha256//" and 32 bytes in base64 */

#endif
