<?php
// whoami.php: prebind asks here who is logged in (site_http_url). Put it into the site, and change the line of $user to
// the place where your login keeps the user's name.
declare(strict_types=1);

session_start(['read_and_close' => true]); // it only reads, and holds nobody up
header('Cache-Control: no-store');
$user = $_SESSION['user'] ?? null;
if (!is_string($user) || $user === '') {
    http_response_code(401); // never a redirect to the login
    exit;
}
header('Content-Type: application/json');
echo json_encode(['user' => $user, 'display_name' => $_SESSION['display_name'] ?? null], JSON_THROW_ON_ERROR);
