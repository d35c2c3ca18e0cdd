<?php
// Password hashes by PHP itself, and by the loops of the PHP software that sites run: COUNT of each format,
// of random passwords. A line: format, hash, password in hexadecimal.
// Usage: php password_hashes.php COUNT

const LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function random_password(int $max): string
{
	$bytes = substr(random_bytes($max), 0, random_int(0, $max));
	return strtr($bytes, "\0", "\1");
}

function random_salt(int $length): string
{
	$salt = '';
	while (strlen($salt) < $length)
		$salt .= LETTERS[random_int(0, 63)];
	return $salt;
}

function encode64(string $data): string
{
	$text = '';
	foreach (str_split($data, 3) as $chunk) {
		$value = 0;
		foreach (str_split($chunk) as $i => $byte)
			$value |= ord($byte) << (8 * $i);
		for ($i = 0; $i <= strlen($chunk); $i++)
			$text .= LETTERS[($value >> (6 * $i)) & 63];
	}
	return $text;
}

function stretch(string $prefix, string $algorithm, string $password, int $length): string
{
	$log = random_int(7, 9);
	$salt = random_salt(8);
	$hash = hash($algorithm, $salt . $password, true);
	for ($i = 0; $i < 1 << $log; $i++)
		$hash = hash($algorithm, $hash . $password, true);
	return substr($prefix . LETTERS[$log] . $salt . encode64($hash), 0, $length);
}

$bcrypt = fn ($password) => password_hash($password, PASSWORD_BCRYPT, ['cost' => 4]);
$formats = [
	'bcrypt' => $bcrypt,
	'bcrypt (WordPress)' => fn ($password) =>
		'$wp' . $bcrypt(base64_encode(hash_hmac('sha384', trim($password), 'wp-sha384', true))),
	'argon2id' => fn ($password) => password_hash($password, PASSWORD_ARGON2ID,
		['memory_cost' => random_int(8, 64), 'time_cost' => random_int(1, 3), 'threads' => 1]),
	'argon2i' => fn ($password) => password_hash($password, PASSWORD_ARGON2I,
		['memory_cost' => random_int(8, 64), 'time_cost' => random_int(3, 4), 'threads' => 1]),
	'phpass P' => fn ($password) => stretch('$P$', 'md5', $password, 34),
	'phpass H' => fn ($password) => stretch('$H$', 'md5', $password, 34),
	'Drupal' => fn ($password) => stretch('$S$', 'sha512', $password, 55),
	'Drupal of MD5' => fn ($password) => 'U' . stretch('$S$', 'sha512', md5($password), 55),
	'sha256crypt' => fn ($password) => crypt($password, '$5$rounds=' . random_int(1000, 1100) . '$' . random_salt(16)),
	'sha512crypt' => fn ($password) => crypt($password, '$6$rounds=' . random_int(1000, 1100) . '$' . random_salt(8)),
];

foreach ($formats as $name => $make) {
	for ($i = 0; $i < (int) $argv[1]; $i++) {
		$password = random_password($name === 'bcrypt' ? 100 : 90);
		echo "$name\t", $make($password), "\t", bin2hex($password), "\n";
	}
}
