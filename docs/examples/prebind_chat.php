<?php
/*
Plugin Name: Chat by prebind
Description: Puts the chat on every page, for users who are logged in. Copy this file to wp-content/mu-plugins/.
*/

add_action('wp_footer', function () {
	if (is_user_logged_in())
		echo '<script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script>', "\n";
});
