/*
 * Sessions that Django 3.2 has packed, read again; and what is not quite one.
 */
#include "unit.h"

#include "base/codec.h"
#include "base/inflate.h"
#include "base/secret.h"
#include "identity/django_session.h"

#define SECRET   "a secret key of fifty characters, more or less, so."
#define PASSWORD "pbkdf2_sha256$1$salt$x4M5C3BMzfbHkwcdQKnGGQAvGGGAtTFNS0vjGPDxD/c="

/* SessionStore().encode(…) of Django 3.2.25 with that key */
#define LOGGED_IN                                                                                  \
	".eJxVjMsOwiAQRf-FtSHDY3i4dO83EGBAqoYmpV0Z_12bdKHbe865LxbitrawjbKEidiZCctOv2OK-"           \
	"VH6Tuge-23mee7rMiW-K_ygg19nKs_L4f4dtDjat9YWQXslSMacM4LzJkkvQaIxUpDOpCIppzRYD1iFqQ4TkQ"    \
	"LrqkCP7P0B1wE2ug:1xV93B:SdjV1Lvw9ipb1kSHCQKnkNYke3D32s6Zm3pxq6PDnDQ"
#define ANONYMOUS "eyJjYXJ0IjpbMSwyLDNdfQ:1xV93B:3FYC7hZ_iVnCjCl6kPK8UyEdEzWhg7SSjuS2D7EkQTQ"
#define NUMBER                                                                                     \
	".eJyrVopPLC3JiC8tTi2Kz0xRsjI010EWykgszlCyUqpQqgUARY0O0g:1xV93B:"                          \
	"oT4mAMFaNfGXSCSXrcOGJftyWHhz"                                                             \
	"DswIWicwTTqPHQk"

/* {"x": "aaa…"}, 400000 of them: signed, and small until unpacked */
static const char bomb[] =
    ".eJztwUENADAIBDAvJwM3c0FC8D4XvNpOOpUHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB7Ifrs4"
    "vYw:1xV93B:IPSu5zsfeD5AefZMh_yQWJ810GmkHkO-edwLK9TDybA";

/* One key, as a file with one line has it. */
static struct django_keys just(const char *key)
{
	return (struct django_keys){.items = {key}, .count = 1};
}

static enum status status_of(const char *data, const char *key, struct error *err)
{
	const struct django_keys keys = just(key);
	struct django_session session = {0};
	enum status status = django_session_read(data, &keys, &session, err);

	if (status != STATUS_OK) {
		assert_null(session.user_id);
		assert_null(session.user_hash);
	}
	django_session_clear(&session);
	return status;
}

GROUP(unit_secrets, NULL)

TEST(test_reads)
{
	const struct django_keys keys = just(SECRET), other = just("another key");
	struct django_session session = {0};

	assert_ok(django_session_read(LOGGED_IN, &keys, &session, ERR));
	assert_string_equal(session.user_id, "17");
	assert_string_equal(session.user_hash,
			    "47504931d2accc50896b2920256621d4cd3ad383407905f16f85bdd3078f1595");
	assert_ok(django_session_check(&session, PASSWORD, &keys, ERR));
	assert_status(django_session_check(&session, PASSWORD "x", &keys, NULL), STATUS_NOT_FOUND);
	assert_status(django_session_check(&session, "", &keys, NULL), STATUS_NOT_FOUND);
	assert_status(django_session_check(&session, PASSWORD, &other, NULL), STATUS_NOT_FOUND);
	django_session_clear(&session);
}

/* SECRET_KEY first, then SECRET_KEY_FALLBACKS: what any of them signed counts. */
TEST(test_old_keys)
{
	const struct django_keys keys = {
	    .items = {"the new key", SECRET},
              .count = 2
        };
	const struct django_keys forgotten = just("the new key");
	struct django_session session = {0};

	assert_ok(django_session_read(LOGGED_IN, &keys, &session, ERR));
	assert_ok(django_session_check(&session, PASSWORD, &keys, ERR));
	assert_status(django_session_check(&session, PASSWORD "x", &keys, NULL), STATUS_NOT_FOUND);
	assert_status(django_session_check(&session, PASSWORD, &forgotten, NULL), STATUS_NOT_FOUND);
	django_session_clear(&session);
	assert_status(status_of(LOGGED_IN, "the new key", NULL), STATUS_BAD_REQUEST);
}

static enum status keys_of(const char *text, struct django_keys *out, struct error *err)
{
	unit_folder_make(NULL);
	enum status status = django_keys_read(unit_write("keys", text), out, err);
	unit_folder_remove(NULL);
	return status;
}

TEST(test_key_file)
{
	struct django_keys keys = {0};

	assert_ok(keys_of("#new ':\"\n\r\nold\r\n", &keys, ERR));
	assert_int_equal(keys.count, 2);
	assert_string_equal(keys.items[0], "#new ':\"");
	assert_string_equal(keys.items[1], "old");
	django_keys_clear(&keys);
	assert_ok(keys_of("alone", &keys, ERR));
	assert_string_equal(keys.items[0], "alone");
	django_keys_clear(&keys);
	assert_fails(keys_of("\n\n", &keys, ERR), STATUS_BAD_REQUEST, "SECRET_KEY");
	assert_fails(keys_of("1\n2\n3\n4\n5\n6\n7\n8\n9\n", &keys, ERR), STATUS_BAD_REQUEST,
		     "more than 8 keys");
}

TEST(test_nobody)
{
	assert_status(status_of(ANONYMOUS, SECRET, ERR), STATUS_NOT_FOUND);
	assert_status(status_of(NUMBER, SECRET, ERR), STATUS_NOT_FOUND); /* Django writes texts */
}

TEST(test_refuses)
{
	static const char *const wrong[] = {
	    "",
	    ":",
	    "::",
	    "a:b",
	    "a:b:c",
	    ":1xV93B:3FYC7hZ_iVnCjCl6kPK8UyEdEzWhg7SSjuS2D7EkQTQ",
	    ANONYMOUS "=",
	    ANONYMOUS " ",
	    "." ANONYMOUS,
	    /* what Django wrote before 3.1: base64 of "HASH:JSON" */
	    "NDc1MDQ5MzFkMmFjY2M1MDg5NmIyOTIwMjU2NjIxZDRjZDNhZDM4Mzp7Il9hdXRoX3VzZXJfaWQiOiIxNyJ9",
	};

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_status(status_of(wrong[i], SECRET, ERR), STATUS_BAD_REQUEST);
	assert_fails(status_of(LOGGED_IN, "another key", ERR), STATUS_BAD_REQUEST,
		     "site_secret_file");
}

/* pickle.dumps(…, 2), signed with the key: PickleSerializer of Django before 5.0 */
TEST(test_a_pickle_is_named)
{
	static const char pickled[] = "gAJ9cQAoWA0AAABfYXV0aF91c2VyX2lkcQFYAQAAADFxAlgPAAAAX2F1dGhf"
				      "dXNlcl9oYXNocQNYAQAAAHhxBHUu"
				      ":1xV93B:zBj6mXOF3UVuxMCUPG80TLVi9sVofCiQIJnXgG8Qejk";

	assert_fails(status_of(pickled, SECRET, ERR), STATUS_BAD_REQUEST, "pickle");
	assert_says("JSONSerializer");
}

/* Every byte is under the signature. */
TEST(test_mutants)
{
	char copy[] = LOGGED_IN;

	for (size_t i = 0; i < sizeof(copy) - 1; i++) {
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		assert_status(status_of(copy, SECRET, NULL), STATUS_BAD_REQUEST);
		copy[i] = LOGGED_IN[i];
	}
	assert_ok(status_of(copy, SECRET, ERR));
}

TEST(test_bomb)
{
	assert_fails(status_of(bomb, SECRET, ERR), STATUS_BAD_REQUEST, "bytes when decompressed");
}

TEST(test_inflate)
{
	/* zlib.compress(b"hello") */
	static const unsigned char hello[] = {0x78, 0x9c, 0xcb, 0x48, 0xcd, 0xc9, 0xc9,
					      0x07, 0x00, 0x06, 0x2c, 0x02, 0x15, 0x00};
	const size_t len = sizeof(hello) - 1;
	struct strbuf out;

	for (size_t max = 4; max <= 6; max++) {
		strbuf_init(&out);
		assert_int_equal(inflate_zlib(&out, hello, len, max, NULL),
				 max < 5 ? STATUS_BAD_REQUEST : STATUS_OK);
		if (max >= 5)
			assert_string_equal(out.data, "hello");
		strbuf_clear(&out);
	}
	strbuf_init(&out);
	for (size_t cut = 0; cut < len; cut++)
		assert_status(inflate_zlib(&out, hello, cut, 100, NULL), STATUS_BAD_REQUEST);
	assert_status(inflate_zlib(&out, hello, len + 1, 100, NULL), STATUS_BAD_REQUEST);
	strbuf_clear(&out);
}
