<?php
// What a site would write instead, in the usual style: the session's user out of SQLite, one POST to the XMPP server,
// a small page. Compared by `make bench`; not fit for any use.

$db = new PDO('sqlite:' . $_SERVER['BENCH_DATABASE']);
$db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$select = $db->prepare('SELECT user FROM login_session WHERE token_hash = ?');
$select->bindValue(1, hash('sha256', $_COOKIE['prebind-insecure'] ?? '', true), PDO::PARAM_LOB);
$select->execute();
$user = $select->fetchColumn();
if ($user === false) {
	exit("<!DOCTYPE html>\n<title>Log in</title>\n<form method=\"post\"></form>\n");
}

$jid = "$user@example.test/web-" . bin2hex(random_bytes(8));
$curl = curl_init($_SERVER['BENCH_URL']);
curl_setopt_array($curl, [
	CURLOPT_RETURNTRANSFER => true,
	CURLOPT_TIMEOUT => 10,
	CURLOPT_USERPWD => $_SERVER['BENCH_LOGIN'],
	CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
	CURLOPT_POSTFIELDS => json_encode(['command' => [
		'node' => 'pre-bind-bosh-session',
		'fields' => [
			['var' => 'from', 'value' => $jid],
			['var' => 'hold', 'value' => '1'],
			['var' => 'wait', 'value' => '60'],
		],
	]], JSON_UNESCAPED_SLASHES),
]);
$answer = curl_exec($curl);
if ($answer === false || curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
	http_response_code(502);
	exit;
}
curl_close($curl);
$fields = array_column(json_decode($answer, true)['command']['fields'], 'value', 'var');

header('Content-Type: text/html; charset=utf-8');
header('Cache-Control: no-store');
?>
<!DOCTYPE html>
<title>Chat</title>
<div id="chat" data-jid="<?= htmlspecialchars($jid) ?>"
	data-sid="<?= htmlspecialchars($fields['sid']) ?>" data-rid="<?= htmlspecialchars($fields['rid']) ?>"></div>
<script src="chat.js"></script>
