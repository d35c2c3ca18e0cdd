"""Password hashes by Python's crypt and hashlib: COUNT of each format, of random passwords.

A line: format, hash, password in hexadecimal. Usage: python3 password_hashes.py COUNT
"""
import base64
import hashlib
import os
import random
import sys
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def password_text():
    """crypt.crypt takes texts, and hands libcrypt their UTF-8."""
    return "".join(chr(random.choice([*range(1, 128), *range(0xA0, 0x17F)])) for _ in range(random.randrange(40)))


def salt(length):
    return "".join(random.choice(LETTERS) for _ in range(length))


def b64(data):
    return base64.b64encode(data).decode()


def django(password):
    rounds, salt_text = random.randrange(1, 200), salt(22).replace(".", "a").replace("/", "b")
    return f"pbkdf2_sha256${rounds}${salt_text}${b64(hashlib.pbkdf2_hmac('sha256', password, salt_text.encode(), rounds))}"


def mediawiki(password):
    name, rounds, length = random.choice(["sha256", "sha512"]), random.randrange(1, 200), random.randrange(16, 129)
    raw = os.urandom(16)
    made = hashlib.pbkdf2_hmac(name, password, raw, rounds, length)
    return f":pbkdf2:{name}:{rounds}:{length}:{b64(raw)}:{b64(made)}"


def mediawiki_b(password):
    salt_text = f"{random.randrange(1 << 32):08x}"
    inner = hashlib.md5(password).hexdigest()
    return f":B:{salt_text}:{hashlib.md5(f'{salt_text}-{inner}'.encode()).hexdigest()}"


def salted(prefix, name, length):
    def make(password):
        raw = os.urandom(length)
        return f"{{{prefix}}}{b64(hashlib.new(name, password + raw).digest() + raw)}"
    return make


def by_crypt(setting):
    return lambda password: crypt.crypt(password.decode(), setting())


FORMATS = {
    "yescrypt": by_crypt(lambda: f"$y$j7T${salt(21)}."),
    "gost-yescrypt": by_crypt(lambda: f"$gy$j7T${salt(21)}."),
    "scrypt": by_crypt(lambda: f"$7$7/..../....{salt(14)}"),
    "bcrypt a": by_crypt(lambda: f"$2a$04${salt(21)}u"),
    "bcrypt b": by_crypt(lambda: f"$2b$04${salt(21)}u"),
    "sha256crypt": by_crypt(lambda: f"$5$rounds=1000${salt(random.randrange(1, 17))}"),
    "sha512crypt": by_crypt(lambda: f"$6$rounds=1000${salt(random.randrange(1, 17))}"),
    "Django": django,
    "MediaWiki": mediawiki,
    "MediaWiki B": mediawiki_b,
    "SHA": salted("SHA", "sha1", 0),
    "SSHA": salted("SSHA", "sha1", 8),
    "SSHA256": salted("SSHA256", "sha256", 8),
}

for format_name, make_hash in FORMATS.items():
    # 4 MiB each: fewer of those
    for _ in range(int(sys.argv[1]) // (10 if "yescrypt" in format_name else 1)):
        secret = password_text().encode()
        print(format_name, make_hash(secret), secret.hex(), sep="\t")
