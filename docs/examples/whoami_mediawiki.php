<?php
// whoami_mediawiki.php: prebind requests this page to find out who is logged in to MediaWiki (site_http_url). Put the file
// beside MediaWiki's index.php. If the file is elsewhere, set MW_INSTALL_PATH in PHP's environment to MediaWiki's folder.
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
