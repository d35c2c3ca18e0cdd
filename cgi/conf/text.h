/*
 * What a value that is kept as a text may look like. Each function returns NULL, or what is wrong,
 * to be read behind the quoted value: "does not begin with /". Internal to conf/.
 */
#ifndef CONF_TEXT_H
#define CONF_TEXT_H

const char *text_word_check(const char *text);
const char *text_path_check(const char *text);

const char *text_realm_check(const char *text);
const char *text_cookie_check(const char *text); /* RFC 6265 4.1.1: a token */
const char *text_session_cookie_check(const char *text);
const char *text_keys_check(const char *text);     /* names with dots between them */
const char *text_sessions_check(const char *text); /* "[N;[MODE;]]/FOLDER" */
const char *text_log_check(const char *text);

/*
 * http(s)://HOST[:PORT][/PATH], neither user nor query nor fragment: it is logged, so no secret may
 * be in it.
 */
const char *text_url_check(const char *text);

/* A path on this host or an http(s) URL. */
const char *text_link_check(const char *text);

/* That, with {hostname} in it at most once; it moreover lands in a Content-Security-Policy. */
const char *text_bosh_url_check(const char *text);

/* http(s)://HOST[:PORT] in lower case and nothing behind it: what a browser sends as Origin. */
const char *text_origin_check(const char *text);

const char *text_mount_check(const char *text);
const char *text_jid_rule_check(const char *text);
const char *text_resource_check(const char *text);
const char *text_host_check(const char *text); /* one name, in lower case */
const char *text_node_check(const char *text); /* one or two of them: NAME=PUBLIC */
const char *text_pin_check(const char *text);  /* "sha256//", 32 bytes in base64 */

#endif
