<?php
// Cookies wordpress_logged_in_… by WordPress's own functions (Debian's package wordpress, 6.1), and what its own
// wp_validate_auth_cookie says about them: the rows of tests/unit/wordpress_cookies.tsv. The tables of the site are
// arrays here. Columns: what it is; the cookie as setcookie() sends it; user_pass; session_tokens; the time; yes or no.
// Usage: php wordpress_cookies.php > tests/unit/wordpress_cookies.tsv

const ABSPATH = '/usr/share/wordpress/';
const WPINC = 'wp-includes';
const HOUR_IN_SECONDS = 3600;
const AUTH_KEY = 'an other key';
const AUTH_SALT = 'an other salt';
const LOGGED_IN_KEY = '+XSqHc;@Q*K_b|Z?NC[3H!!EONbh.n<+=uKR:>*c(u`g~EJBf#8u#R{mUEZrozmm';
const LOGGED_IN_SALT = 'h`GXHhD>SLWVfg1(1(N{;.V!MoE(SfbA_ksP@&`+AycHcAV$+?@3q+rxV{%^VyKT';
const NOW = 1900000000; // wp_validate_auth_cookie asks the real clock, which is before this

$users = [];
$meta = [];
$_SERVER = ['REQUEST_METHOD' => 'GET', 'REMOTE_ADDR' => '192.0.2.7', 'HTTP_USER_AGENT' => 'Mozilla/5.0 (X11; "Ünïx" | ; a:1:{)'];

function apply_filters($hook, $value) { return $value; }
function do_action() {}
function __($text) { return $text; }
function wp_doing_ajax() { return false; }
function wp_rand($min, $max) { return random_int($min, $max); }
function wp_unslash($value) { return $value; }
function get_userdata($id) { global $users; return $users[$id] ?? false; }
function get_user_by($field, $name) {
	global $users;
	foreach ($users as $user)
		if ($user->user_login === $name)
			return $user;
	return false;
}
function get_user_meta($id, $key) { global $meta; return $meta[$id] ?? ''; }
function update_user_meta($id, $key, $value) { global $meta; $meta[$id] = $value; }
function delete_user_meta($id, $key) { global $meta; unset($meta[$id]); }
require ABSPATH . WPINC . '/class-wp-session-tokens.php';
require ABSPATH . WPINC . '/class-wp-user-meta-session-tokens.php';
require ABSPATH . WPINC . '/pluggable.php';

// setcookie() of PHP 7.4 and later
$send = fn($cookie) => rawurlencode($cookie);
$cell = fn($text) => strtr($text, ['\\' => '\\\\', "\t" => '\t', "\n" => '\n']);
function row(string $what, string $sent, string $hash, $sessions, int $now, bool $expected): void {
	global $cell;
	echo implode("\t", [$what, $sent, $cell($hash), $cell(is_array($sessions) ? serialize($sessions) : $sessions), $now, $expected ? 'yes' : 'no']), "\n";
}
// What WordPress says, by its own clock; a row must not contradict it.
function check(string $what, string $cookie, bool $expected): void {
	if ((wp_validate_auth_cookie($cookie, 'logged_in') !== false) !== $expected)
		throw new Exception("WordPress thinks otherwise: $what");
}

echo "# made by tests/peers/wordpress_cookies.php: do not edit\n";
$hashes = [
	'phpass' => '$P$BDSdKx2nglM.5UErwjQGeVtVWvjEvD1',
	'bcrypt' => '$2y$10$abcdefghijklmnopqrstuuWn6Z2lNn2nZbBpVYz1mE6cXG6y1q2eW',
	'md5' => '5f4dcc3b5aa765d61d8327deb882cf99',
	'argon2' => '$argon2id$v=19$m=65536,t=4,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b3dWRWJTmaaJObG',
	'empty' => '',
];
$names = ['phpass' => 'alice', 'bcrypt' => 'Bob McKay', 'md5' => 'żaba@example.org', 'argon2' => "o'neill_1.2-3", 'empty' => 'sso'];
$cookies = [];
$id = 0;
foreach ($hashes as $kind => $hash) {
	$users[++$id] = (object) ['ID' => $id, 'user_login' => $names[$kind], 'user_pass' => $hash];
	$cookies[$kind] = wp_generate_auth_cookie($id, NOW, 'logged_in');
	check($kind, $cookies[$kind], true);
	row($kind, $send($cookies[$kind]), $hash, $meta[$id], NOW - 100, true);
}
// The last second, and the first one after it: WordPress compares expiration < time().
row('its last second', $send($cookies['phpass']), $hashes['phpass'], $meta[1], NOW, true);
row('expired', $send($cookies['phpass']), $hashes['phpass'], $meta[1], NOW + 1, false);

// WordPress 6.8: another hash, of which the last four bytes are taken. The functions of 6.1 make that cookie for a hash
// with these bytes at 8.
$new = '$wp$2y$10$9.Xg7vVQ0yHCsfIl4TPhJe7JqG7oFYzRk1xRDcLa3iTkI2uTfYQbW';
$users[1]->user_pass = 'xxxxxxxx' . substr($new, -4);
$cookie = wp_generate_auth_cookie(1, NOW, 'logged_in');
row('6.8', $send($cookie), $new, $meta[1], NOW - 100, true);
row('6.8, another password', $send($cookie), substr($new, 0, -4) . 'aaaa', $meta[1], NOW - 100, false);
$users[1]->user_pass = 'xxxxxxxx' . substr($new, 8, 4);
row('6.8, the part of older versions', $send(wp_generate_auth_cookie(1, NOW, 'logged_in')), $new, $meta[1], NOW - 100, false);
$users[1]->user_pass = 'xxxxxxxx' . substr($hashes['argon2'], -4);
row('6.8, argon2 by a plugin', $send(wp_generate_auth_cookie(1, NOW, 'logged_in')), $hashes['argon2'], $meta[1], NOW - 100, true);
$users[1]->user_pass = $hashes['phpass'];

// Two browsers: a log-out in one ends its session alone.
[$first, $second] = [wp_generate_auth_cookie(1, NOW, 'logged_in'), wp_generate_auth_cookie(1, NOW, 'logged_in')];
row('second session', $send($second), $hashes['phpass'], $meta[1], NOW - 100, true);
WP_Session_Tokens::get_instance(1)->destroy(explode('|', $first)[2]);
check('log-out', $first, false);
check('log-out elsewhere', $second, true);
row('log-out', $send($first), $hashes['phpass'], $meta[1], NOW - 100, false);
row('log-out elsewhere', $send($second), $hashes['phpass'], $meta[1], NOW - 100, true);
$sessions = $meta[1];
$verifier = hash('sha256', explode('|', $second)[2]);
row('the session ends before the cookie', $send($second), $hashes['phpass'], [$verifier => ['expiration' => NOW - 101] + $sessions[$verifier]], NOW - 100, false);
row('a session without an end', $send($second), $hashes['phpass'], [$verifier => ['ip' => '192.0.2.7']], NOW - 100, false);
WP_Session_Tokens::get_instance(1)->destroy_all();
check('log-out everywhere', $second, false);
row('log-out everywhere', $send($second), $hashes['phpass'], '', NOW - 100, false);

// Another password, another user, and each field changed.
$meta[1] = $sessions;
$users[1]->user_pass = '$P$BsJkXCRiS7cIbTAqSP5y3v8gI1eSXC0';
check('another password', $second, false);
row('another password', $send($second), $users[1]->user_pass, $sessions, NOW - 100, false);
$users[1]->user_pass = $hashes['phpass'];
[$user, $expiration, $token, $mac] = explode('|', $second);
foreach ([
	'another user' => ['Alice', $expiration, $token, $mac],
	'a later end' => [$user, $expiration + 1, $token, $mac],
	'another token' => [$user, $expiration, strrev($token), $mac],
	'another signature' => [$user, $expiration, $token, strrev($mac)],
	'a signature in capitals' => [$user, $expiration, $token, strtoupper($mac)],
	'no signature' => [$user, $expiration, $token, 'x'],
	'half a signature' => [$user, $expiration, $token, substr($mac, 0, 32)],
	'the cookie of the scheme auth' => explode('|', wp_generate_auth_cookie(1, NOW, 'auth', $token)),
] as $what => $fields) {
	check($what, implode('|', $fields), false);
	row($what, $send(implode('|', $fields)), $hashes['phpass'], $sessions, NOW - 100, false);
}
