<?php
// A site of Laravel's own parts for `php -S`: encrypted cookies, StartSession with the driver `file`, and the SessionGuard.
// /login?user=NAME, /logout, and the example's /whoami.
declare(strict_types=1);

foreach (['Auth', 'Config', 'Container', 'Cookie', 'Encryption', 'Events', 'Filesystem', 'Hashing', 'Http', 'Pipeline', 'Session', 'Support'] as $part)
    require_once "Illuminate/$part/autoload.php";

use Illuminate\Auth\GenericUser;
use Illuminate\Auth\SessionGuard;
use Illuminate\Config\Repository;
use Illuminate\Container\Container;
use Illuminate\Contracts\Auth\Authenticatable;
use Illuminate\Contracts\Auth\UserProvider;
use Illuminate\Cookie\CookieJar;
use Illuminate\Cookie\Middleware\AddQueuedCookiesToResponse;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Encryption\Encrypter;
use Illuminate\Filesystem\Filesystem;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Pipeline\Pipeline;
use Illuminate\Session\Middleware\StartSession;
use Illuminate\Session\SessionManager;

final class Users implements UserProvider
{
    public function retrieveById($id): GenericUser
    {
        return new GenericUser(['id' => $id, 'username' => $id, 'name' => ucfirst($id) . ' of Laravel', 'remember_token' => '']);
    }

    public function retrieveByToken($id, $token)
    {
        return null;
    }

    public function updateRememberToken(Authenticatable $user, $token)
    {
    }

    public function retrieveByCredentials(array $credentials)
    {
        return null;
    }

    public function validateCredentials(Authenticatable $user, array $credentials)
    {
        return false;
    }
}

$app = new Container();
$app->instance('config', new Repository(['session' => ['driver' => 'file', 'files' => getenv('SESSIONS'), 'lifetime' => 120, 'expire_on_close' => false,
    'lottery' => [0, 100], 'cookie' => 'laravel_session', 'path' => '/', 'domain' => null, 'secure' => false, 'http_only' => true, 'same_site' => 'lax']]));
$app->instance('files', new Filesystem());
$manager = new SessionManager($app);
$cookies = new CookieJar();

$handle = function (Request $request) use ($manager) {
    $guard = new SessionGuard('web', new Users(), $manager->driver(), $request);
    $request->setUserResolver(fn () => $guard->user());
    switch ($request->getPathInfo()) {
        case '/whoami':
            return (require getenv('EXAMPLE'))($request);
        case '/login':
            $guard->login((new Users())->retrieveById($request->query('user')));
            return new Response('in');
        case '/logout':
            $guard->logout();
            $request->session()->invalidate();
            return new Response('out');
        default:
            return new Response('', 404);
    }
};
$request = Request::capture();
(new Pipeline($app))->send($request)->through([
    new EncryptCookies(new Encrypter(str_repeat('k', 32), 'AES-256-CBC')),
    new AddQueuedCookiesToResponse($cookies),
    new StartSession($manager),
])->then($handle)->send();
