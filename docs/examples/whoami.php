<?php
// whoami.php: prebind requests this page to find out who is logged in (site_http_url). Put the file into the site. Change
// the line `$user = …` so that it reads the user's name from the place where your login keeps the name.
declare(strict_types=1);

session_start(['read_and_close' => true]); // releases the session's lock at once, so no other request waits
header('Cache-Control: no-store');
$user = $_SESSION['user'] ?? null;
if (!is_string($user) || $user === '') {
    http_response_code(401); // never a redirect to the login
    exit;
}
header('Content-Type: application/json');
echo json_encode(['user' => $user, 'display_name' => $_SESSION['display_name'] ?? null], JSON_THROW_ON_ERROR);
