<?php
// routes/whoami.php of a Laravel site: prebind requests /whoami to find out who is logged in (site_http_url). Add this line
// to routes/web.php, so that the route has the session. Do not use the middleware `auth`, because it would redirect:
//   Route::get('/whoami', require base_path('routes/whoami.php'));
declare(strict_types=1);

use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Http\Response;

return function (Request $request): Response|JsonResponse {
    $user = $request->user();
    if ($user === null) {
        return new Response('', 401); // never a redirect to the login
    }
    return new JsonResponse([
        'user' => $user->username, // a column that is unique and that users cannot change
        'display_name' => $user->name,
    ], 200, ['Cache-Control' => 'no-store']);
};
