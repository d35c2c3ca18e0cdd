<?php
// A site of Symfony's own parts for `php -S`: session, token storage and the firewall's ContextListener, which reads the user
// from the session as in every Symfony site. /login?user=NAME, /logout, and the example's /whoami.
declare(strict_types=1);

foreach (['HttpFoundation', 'HttpKernel', 'EventDispatcher', 'Routing', 'Security/Core', 'Security/Http'] as $part)
    require_once "Symfony/Component/$part/autoload.php";
require getenv('EXAMPLE');

use Symfony\Component\EventDispatcher\EventDispatcher;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\HttpFoundation\Session\Session;
use Symfony\Component\HttpFoundation\Session\Storage\NativeSessionStorage;
use Symfony\Component\HttpKernel\Event\RequestEvent;
use Symfony\Component\HttpKernel\Event\ResponseEvent;
use Symfony\Component\HttpKernel\HttpKernelInterface;
use Symfony\Component\Security\Core\Authentication\Token\Storage\TokenStorage;
use Symfony\Component\Security\Core\Authentication\Token\UsernamePasswordToken;
use Symfony\Component\Security\Core\User\InMemoryUser;
use Symfony\Component\Security\Core\User\InMemoryUserProvider;
use Symfony\Component\Security\Http\Firewall\ContextListener;

$kernel = new class implements HttpKernelInterface {
    public function handle(Request $request, int $type = self::MAIN_REQUEST, bool $catch = true): Response
    {
        return new Response('', 404);
    }
};
$request = Request::createFromGlobals();
$request->setSession(new Session(new NativeSessionStorage(['name' => 'SYMFONY'])));
$users = new InMemoryUserProvider(['alice' => ['password' => 'x', 'roles' => ['ROLE_USER']], 'bob' => ['password' => 'x', 'roles' => ['ROLE_USER']]]);
$tokens = new TokenStorage();
$firewall = new ContextListener($tokens, [$users], 'main', null, new EventDispatcher());
$firewall->authenticate(new RequestEvent($kernel, $request, HttpKernelInterface::MAIN_REQUEST));

switch ($request->getPathInfo()) {
    case '/whoami':
        $response = (new App\Controller\WhoamiController())($tokens);
        break;
    case '/login':
        $request->getSession()->migrate(true);
        $user = $users->loadUserByIdentifier($request->query->get('user'));
        $tokens->setToken(new UsernamePasswordToken($user, 'main', $user->getRoles()));
        $response = new Response('in');
        break;
    case '/logout':
        $tokens->setToken(null);
        $request->getSession()->invalidate();
        $response = new Response('out');
        break;
    default:
        $response = new Response('', 404);
}
$firewall->onKernelResponse(new ResponseEvent($kernel, $request, HttpKernelInterface::MAIN_REQUEST, $response));
$request->getSession()->save();
$response->send();
