<?php
// src/Controller/WhoamiController.php of a Symfony site: prebind requests /whoami to find out who is logged in
// (site_http_url). The path must be inside the firewall of the login, and access_control must not require a role for it.
declare(strict_types=1);

namespace App\Controller;

use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Routing\Annotation\Route;
use Symfony\Component\Security\Core\Authentication\Token\Storage\TokenStorageInterface;

final class WhoamiController
{
    #[Route('/whoami', methods: ['GET'])]
    public function __invoke(TokenStorageInterface $tokens): Response
    {
        $user = $tokens->getToken()?->getUser();
        if ($user === null) {
            return new Response('', 401); // never a redirect to the login
        }
        return new JsonResponse(['user' => $user->getUserIdentifier()], 200, ['Cache-Control' => 'no-store']);
    }
}
