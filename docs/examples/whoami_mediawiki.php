<?php
// whoami_mediawiki.php: prebind asks here who is logged in to MediaWiki (site_http_url). Put it beside MediaWiki's index.php.
// If it is elsewhere, set MW_INSTALL_PATH to MediaWiki's folder in the environment of PHP.
define('MW_ENTRY_POINT', 'whoami');
define('MW_NO_OUTPUT_BUFFER', true);
chdir(getenv('MW_INSTALL_PATH') ?: __DIR__);
require 'includes/WebStart.php';

header('Cache-Control: no-store');
$user = RequestContext::getMain()->getUser();
$block = $user->getBlock();
if (!$user->isRegistered() || ($block !== null && $block->isSitewide())) {
    http_response_code(401); // never a redirect to the login
    exit;
}
header('Content-Type: application/json');
echo json_encode(['user' => $user->getName(), 'display_name' => $user->getRealName() ?: null, 'id' => (string) $user->getId()]);
