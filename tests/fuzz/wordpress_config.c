/*
 * wp-config.php, and the secret file that is made of it. Oracle: a value stands in the text or is
 * made of its escapes, and what is written is read again as the same.
 */
#include "fuzz.h"

#include <sys/stat.h>

#include "identity/wordpress_config.h"
#include "identity/wordpress_secret.h"

static void round_trip(struct wordpress_config *config)
{
	const char *key = wordpress_config_key(config, WORDPRESS_LOGGED_IN_KEY);
	const char *salt = wordpress_config_key(config, WORDPRESS_LOGGED_IN_SALT);
	const struct wordpress_secret secret = {.key = (char *)key, .salt = (char *)salt};
	struct wordpress_secret again = {0};
	struct strbuf text;

	strbuf_init(&text);
	if (key != NULL && salt != NULL && key[0] != '\0' && salt[0] != '\0' &&
	    wordpress_secret_write(&secret, &text, NULL) == STATUS_OK && text.len < 4000) {
		const char *path = fuzz_write("secret", text.data, text.len);

		ORACLE(chmod(path, 0600) == 0);
		if (wordpress_secret_read(path, &again, NULL) == STATUS_OK) {
			ORACLE(strcmp(again.key, key) == 0);
			ORACLE(again.salt != NULL && strcmp(again.salt, salt) == 0);
		}
		wordpress_secret_clear(&again);
	}
	strbuf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wordpress_config config = {0};
	char *text = fuzz_text(data, size);

	fuzz_start();
	if (wordpress_config_read(text, &config, NULL) == STATUS_OK) {
		for (int i = 0; i < WORDPRESS_N_NAMES; i++) {
			ORACLE(config.values[i] == NULL || !config.is_computed[i]);
			ORACLE(config.values[i] == NULL || strlen(config.values[i]) <= size);
		}
		round_trip(&config);
	}
	wordpress_config_clear(&config);
	free(text);
	return 0;
}
