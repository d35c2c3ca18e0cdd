<?php
// A plain PHP site for `php -S`: /login?user=NAME, /logout, and the example's /whoami.
declare(strict_types=1);

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/whoami') {
    require getenv('EXAMPLE');
    exit;
}
session_start();
if ($path === '/login') {
    session_regenerate_id(true);
    $_SESSION['user'] = $_GET['user'];
    $_SESSION['display_name'] = ucfirst($_GET['user']) . ' of PHP';
} elseif ($path === '/logout') {
    session_destroy();
} else {
    http_response_code(404);
}
