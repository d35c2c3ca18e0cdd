#!/usr/bin/perl
# Tells prebind who is logged in on this site: provider `token`, token_format = hmac. It needs only modules that come with Perl.
# A site needs only the function. To test the function, run this command, which prints a token:
#   perl token.pl KEY_FILE AUDIENCE USER
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use JSON::PP;
use MIME::Base64 qw(encode_base64url decode_base64url);

# Returns a token that says that the user (a string of characters) is logged in. The token is valid for $seconds.
# key_file is a file with prebind's key in its first line.
sub chat_token {
	my ($key_file, $audience, $user, $seconds) = @_;
	open my $file, '<', $key_file or die "$key_file: $!";
	chomp(my $line = <$file>);
	close $file;
	my ($kid, $key) = split /:/, $line, 2;
	open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!";
	read $random, my $bytes, 16;
	close $random;
	my $now = time;
	my $payload = encode_base64url(JSON::PP->new->utf8->encode({
		user => $user,
		iat => $now,
		exp => $now + ($seconds // 3600),
		aud => $audience,
		jti => unpack('H*', $bytes),
	}));
	my $mac = hmac_sha256("prebind-sso-v1\0$kid$payload", decode_base64url($key));
	return "v1.$kid.$payload." . encode_base64url($mac);
}

# With CGI.pm, make this call in every answer to a user who is logged in:
#   print $cgi->header(-cookie => $cgi->cookie(-name => 'chat_token', -path => '/chat', -secure => 1, -httponly => 1,
#       -samesite => 'Lax', -value => chat_token('/srv/site/chat.key', 'www.example.org', $user)));

unless (caller) {
	my ($key_file, $audience, $user) = @ARGV;
	utf8::decode($user);
	print chat_token($key_file, $audience, $user), "\n";
}
