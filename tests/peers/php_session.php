<?php
/*
 * What PHP itself reads in sessions. Each line of the file named as the argument is a format, a
 * path and a session in hexadecimal. Answers a line each:
 *   v VALUE  a text or a whole number, in hexadecimal     n  null, false, or nothing
 *   o        another value                                -  PHP refuses the session
 *   c        PHP refuses what a class of the session thinks of it: no other reader can know
 */
error_reporting(E_ALL);
$messages = '';
set_error_handler(function ($number, $text) use (&$messages) {
	$messages .= $text . "\n";
	return true;
});

enum Suit { case Clubs; }
class User { public $name; }
class Packed implements Serializable {
	public function serialize() { return ''; }
	public function unserialize($data) {}
	public function __sleep() { return []; }
}

class Nowhere implements SessionHandlerInterface {
	public function open($path, $name): bool { return true; }
	public function close(): bool { return true; }
	public function read($id): string|false { return ''; }
	public function write($id, $data): bool { return true; }
	public function destroy($id): bool { return true; }
	public function gc($max): int|false { return 0; }
}

function look_up($path)
{
	$value = $_SESSION;
	foreach (explode('.', $path) as $name) {
		if (is_array($value) && isset($value[$name]))
			$value = $value[$name];
		elseif (is_object($value) && isset(get_object_vars($value)[$name]))
			$value = get_object_vars($value)[$name];
		else
			return null;
	}
	return $value;
}

function answer($data, $path)
{
	global $messages;
	$messages = '';
	try {
		$decoded = session_decode($data);
	} catch (Throwable $e) {
		return 'c';
	}
	if (preg_match('/Class .* not found|Undefined constant|has no unserializer|Erroneous data|'
		       . 'is not an enum|cannot be unserialized|not allowed/', $messages))
		return 'c';
	if (!$decoded)
		return '-';
	$value = look_up($path);
	if (is_string($value) || is_int($value))
		return 'v ' . bin2hex((string)$value);
	return $value === null || $value === false ? 'n' : 'o';
}

session_set_save_handler(new Nowhere(), false);
ini_set('session.use_cookies', '0');
ini_set('session.use_strict_mode', '0');
session_cache_limiter('');
ob_start(null, 65536);
foreach (file($argv[1], FILE_IGNORE_NEW_LINES) as $line) {
	[$format, $path, $data] = explode("\t", $line);
	if (ini_get('session.serialize_handler') !== $format)
		ini_set('session.serialize_handler', $format);
	session_id('test');
	session_start();
	$said = answer(hex2bin($data), $path);
	if (session_status() === PHP_SESSION_ACTIVE)
		session_abort();
	echo $said, "\n";
}
