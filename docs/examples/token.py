"""Tells prebind who is logged in on this site: provider `token`, token_format = hmac.

A site needs only the function. To test the function, run this command, which prints a token:
  python3 token.py KEY_FILE AUDIENCE USER
"""
import base64
import hashlib
import hmac
import json
import secrets
import time


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def chat_token(key_file: str, audience: str, user: str, seconds: int = 3600) -> str:
    """Returns a token, valid for `seconds`, for a logged-in user. key_file has prebind's key in its first line."""
    with open(key_file, encoding="ascii") as lines:
        kid, _, text = lines.readline().strip().partition(":")
    key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    now = int(time.time())
    claims = {"user": user, "iat": now, "exp": now + seconds, "aud": audience, "jti": secrets.token_hex(16)}
    payload = _encode(json.dumps(claims).encode("utf-8"))
    mac = hmac.new(key, b"prebind-sso-v1\0" + (kid + payload).encode("ascii"), hashlib.sha256).digest()
    return f"v1.{kid}.{payload}.{_encode(mac)}"


# Make this call in every answer to a user who is logged in, and call response.delete_cookie when a user logs out:
#   response.set_cookie("chat_token", chat_token("/srv/site/chat.key", "www.example.org", user),
#                       path="/chat", secure=True, httponly=True, samesite="Lax")

if __name__ == "__main__":
    import sys

    print(chat_token(*sys.argv[1:4]))
