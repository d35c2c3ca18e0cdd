/*
 * Hashes of passwords. The first byte says if weak ones are allowed. Oracles: a hash that is
 * accepted is within the bounds of its format, and a password that nobody chose never fits. Only
 * the quick formats are computed.
 */
#include "fuzz.h"

#include "password/hash.h"

/* The bounds, once more: a number of rounds, or the logarithm of one. */
static const struct {
	const char *prefix;
	unsigned long most;  /* of rounds */
	unsigned long quick; /* this many take less than a millisecond */
} bounds[] = {
    {"$P$",	    17,      8   },
    {"$H$",            17,      8   },
    {"U$P$",           17,      8   },
    {"$S$",	    19,      8   },
    {"U$S$",           19,      8   },
    {"$2",             13,      0   },
    {"$6$",	    500000,  0   },
    {"$5$",            500000,  0   },
    {"pbkdf2_sha256$", 1500000, 50  },
    {":pbkdf2:",       500000,  50  },
    {":B:",            0,       ~0UL},
    {"{S",             ~0UL,    ~0UL},
    {"{MyBB}",         ~0UL,    ~0UL},
    {"$apr1$",         ~0UL,    0   },
};

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct password_hash hash = {0};
	struct error err = {0};

	if (size == 0)
		return 0;
	fuzz_start();
	char *text = fuzz_text(data + 1, size - 1);
	if (password_hash_read(text, data[0] % 2 != 0, &hash, &err) == STATUS_OK) {
		ORACLE(strlen(text) <= PASSWORD_HASH_MAX && password_hash_name(&hash) != NULL);
		ORACLE(password_hash_max(&hash) > 0 && password_hash_max(&hash) <= PASSWORD_MAX);
		for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
			if (!has_prefix(text, bounds[i].prefix) || has_prefix(text, "{SMF}"))
				continue;
			ORACLE(hash.rounds <= bounds[i].most || bounds[i].most == 0);
			if (hash.rounds <= bounds[i].quick)
				ORACLE(password_hash_verify(&hash, "nobody chose this") !=
				       STATUS_OK);
			break;
		}
	} else {
		ORACLE(err.status == STATUS_BAD_CREDENTIALS && err.text[0] != '\0');
	}
	free(text);
	return 0;
}
