<?php
// Tells prebind who is logged in on this site: provider `token`, token_format = hmac.
// A site needs only the function. To test the function, run this command, which prints a token:
//   php token.php KEY_FILE AUDIENCE USER

declare(strict_types=1);

/** Returns a token, valid for $seconds, that says that $user is logged in. $keyFile has prebind's key in its first line. */
function chat_token(string $keyFile, string $audience, string $user, int $seconds = 3600): string
{
	$base64url = fn (string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');

	[$kid, $key] = explode(':', trim(file($keyFile)[0]), 2);
	$payload = $base64url(json_encode([
		'user' => $user,
		'iat' => time(),
		'exp' => time() + $seconds,
		'aud' => $audience,
		'jti' => bin2hex(random_bytes(16)),
	], JSON_THROW_ON_ERROR));
	$mac = hash_hmac('sha256', "prebind-sso-v1\0" . $kid . $payload, base64_decode(strtr($key, '-_', '+/')), true);
	return "v1.$kid.$payload." . $base64url($mac);
}

// Make this call on every page for a user who is logged in, and call setcookie('chat_token', '', …) when a user logs out:
//   setcookie('chat_token', chat_token('/srv/site/chat.key', 'www.example.org', $user),
//       ['path' => '/chat', 'secure' => true, 'httponly' => true, 'samesite' => 'Lax']);

if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__)
	echo chat_token($argv[1], $argv[2], $argv[3]), "\n";
