/*
 * Starts libcurl, checks URLs before they are called, and keeps a pool of handles with their
 * connections.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_curl.h"

#define CURL_MIN 0x075500 /* libcurl 7.85, the first version with CURLOPT_PROTOCOLS_STR */

enum status http_client_start(struct error *err)
{
	const curl_version_info_data *have;
	struct sigaction pipe_action;

	/* libcurl would write the keys of TLS connections to the file that SSLKEYLOGFILE names. */
	unsetenv("SSLKEYLOGFILE");
	/*
	 * Ignore SIGPIPE. With CURLOPT_NOSIGNAL, it would otherwise end the process when a peer
	 * closes the connection.
	 */
	if (sigaction(SIGPIPE, NULL, &pipe_action) == 0 && pipe_action.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, STATUS_INTERNAL, "libcurl cannot be started");
	have = curl_version_info(CURLVERSION_NOW);
	if (have->version_num < CURL_MIN)
		return error_set(err, STATUS_INTERNAL,
				 "libcurl %s is too old: 7.85 or newer is needed", have->version);
	if (!(have->features & CURL_VERSION_THREADSAFE) ||
	    !(have->features & CURL_VERSION_ASYNCHDNS))
		return error_set(err, STATUS_INTERNAL,
				 "libcurl %s was built without thread safety or without a resolver "
				 "that obeys timeouts: install the distribution's package",
				 have->version);
	return STATUS_OK;
}

void http_client_stop(void)
{
	curl_global_cleanup();
}

/* ---- the target of a URL ---- */

static enum status target_parse(const char *text, struct http_target *out, struct error *err)
{
	CURLU *url = curl_url();
	enum status status;

	if (url == NULL)
		return error_no_memory(err);
	status = http_target_read(url, text, out, err);
	curl_url_cleanup(url);
	return status;
}

enum status http_client_url_check(const struct http_client *client, const char *url,
				  struct error *err)
{
	struct http_target target = {0};
	enum status status = target_parse(url, &target, err);

	return status == STATUS_OK ? http_target_allow(client, &target, err) : status;
}

bool http_url_is_private(const char *url)
{
	struct http_target target = {0};

	return target_parse(url, &target, NULL) == STATUS_OK && (target.https || target.loopback);
}

bool http_url_is_loopback(const char *url)
{
	struct http_target target = {0};

	return target_parse(url, &target, NULL) == STATUS_OK && target.loopback;
}

/* ---- the pool ---- */

enum status http_client_new(const struct http_client_options *options, struct http_client **out,
			    struct error *err)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return error_no_memory(err);
	client->allow_http = options->allow_http;
	client->inspect = options->inspect;
	client->service =
	    options->service != NULL ? options->service : "the XMPP server's HTTP service";
	client->http_key = options->http_key;
	pthread_mutex_init(&client->lock, NULL);
	client->ca_file = strdup(options->ca_file);
	client->pins = strdup(options->pins != NULL ? options->pins : "");
	if (client->ca_file == NULL || client->pins == NULL) {
		http_client_free(client);
		return error_no_memory(err);
	}
	if (client->ca_file[0] && access(client->ca_file, R_OK) != 0) {
		error_set(err, STATUS_UNAVAILABLE, "%s cannot be read: %s", client->ca_file,
			  strerrordesc_np(errno));
		http_client_free(client);
		return STATUS_UNAVAILABLE;
	}
	*out = client;
	return STATUS_OK;
}

static void connection_free(struct http_connection *connection)
{
	if (connection == NULL)
		return;
	if (connection->easy != NULL) {
		http_settings_forget(connection);
		curl_easy_cleanup(connection->easy);
	}
	free(connection);
}

void http_client_free(struct http_client *client)
{
	struct http_connection *next;

	if (client == NULL)
		return;
	for (struct http_connection *c = client->idle; c != NULL; c = next) {
		next = c->next;
		connection_free(c);
	}
	pthread_mutex_destroy(&client->lock);
	free(client->ca_file);
	free(client->pins);
	free(client);
}

struct http_connection *http_connection_borrow(struct http_client *client)
{
	struct http_connection *connection;

	pthread_mutex_lock(&client->lock);
	connection = client->idle;
	if (connection != NULL)
		client->idle = connection->next;
	pthread_mutex_unlock(&client->lock);
	if (connection != NULL)
		return connection;

	connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return NULL;
	connection->client = client;
	connection->socket = CURL_SOCKET_BAD;
	strbuf_init_secret(&connection->settings);
	connection->easy = curl_easy_init();
	if (connection->easy == NULL) {
		connection_free(connection);
		return NULL;
	}
	return connection;
}

void http_connection_return(struct http_client *client, struct http_connection *connection)
{
	if (connection == NULL)
		return;
	pthread_mutex_lock(&client->lock);
	connection->next = client->idle;
	client->idle = connection;
	pthread_mutex_unlock(&client->lock);
}
