/*
 * prebind.fcgi reads the configuration, drops the rights that it does not need, and serves
 * requests. It serves them as plain CGI, as FastCGI started by the web server, or as a FastCGI
 * server with its own socket. serve/server.h describes how it chooses.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "net/http_client.h"
#include "page/app.h"
#include "serve/server.h"

static const char usage[] =
    "usage: prebind.fcgi [-c FILE]\n"
    "\n"
    "Serves the chat page and its pre-bind call. If a web server starts the program, the program\n"
    "detects whether to use CGI or FastCGI. Otherwise it serves FastCGI on the socket in the key\n"
    "`listen` of [server].\n"
    "\n"
    "  -c, --config FILE  the configuration file; default: $PREBIND_CONF, or\n"
    "                     etc/prebind.conf next to the program's folder, or\n"
    "                     " PREBIND_SYSCONFDIR "/prebind.conf\n"
    "  -h, --help         print this help\n"
    "  -V, --version      print the version\n"
    "\n"
    "To test the configuration and see what to correct, run prebindctl check.\n";

/*
 * Removes environment variables that could redirect requests through a proxy, write TLS keys to a
 * file or load libraries. The environment comes from the program that started this one.
 */
static void clean_environment(void)
{
	static const char *const names[] = {
	    "http_proxy",       "https_proxy",  "HTTPS_PROXY",   "all_proxy",      "ALL_PROXY",
	    "no_proxy",         "NO_PROXY",     "SSLKEYLOGFILE", "CURL_CA_BUNDLE", "CURL_HOME",
	    "CURL_SSL_BACKEND", "NETRC",        "SSL_CERT_FILE", "SSL_CERT_DIR",   "LD_PRELOAD",
	    "LD_LIBRARY_PATH",  "MALLOC_TRACE",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

/*
 * Forbids core files, debuggers of the same user, and new privileges through exec, because this
 * process holds secrets.
 */
static void give_up_what_is_not_needed(void)
{
	struct rlimit none = {0, 0};

	umask(0077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef __SANITIZE_ADDRESS__ /* the leak checker must be able to trace this process */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/*
 * Raises the limit on open files to its maximum, because every waiting visitor needs a descriptor.
 * The usual limit of 1024 is for programs that use select().
 */
static void take_all_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/*
 * The state of the program. After a reload, new processes use the new configuration. The server
 * itself continues to use the first configuration.
 */
struct program {
	struct conf *conf;
	struct conf *renewed; /* the configuration of the last reload; NULL if there was none */
	enum server_mode mode;
};

/* Initializes the libraries before the first fork. A repeated call has no effect. */
static enum status prepare(void *arg, struct error *err)
{
	enum status status = secret_start(err);

	(void)arg;
	return status == STATUS_OK ? http_client_start(err) : status;
}

static enum status start(void *arg, void **app, struct error *err)
{
	const struct program *program = arg;
	static const enum site_use uses[] = {
	    [SERVER_CGI] = SITE_FOR_ONE,
	    [SERVER_FCGI_STDIN] = SITE_FOR_SPAWNED,
	    [SERVER_FCGI_SOCKET] = SITE_FOR_MANY,
	};
	enum site_use use = uses[program->mode];
	struct app *opened = NULL;

	enum status status = secret_start(err);
	/* For plain CGI, libcurl is initialized when it is first needed. */
	if (status == STATUS_OK && use != SITE_FOR_ONE)
		status = http_client_start(err);
	if (status == STATUS_OK)
		status = app_new(program->renewed != NULL ? program->renewed : program->conf, use,
				 &opened, err);
	if (status == STATUS_OK)
		*app = opened;
	return status;
}

static void stop(void *app)
{
	app_free(app);
	http_client_stop();
}

/* Called at SIGHUP and SIGUSR1. Reopens the log, because the file might have been renamed. */
static void reopen_log(void)
{
	struct error err = {0};

	if (log_reopen(&err) != STATUS_OK)
		log_event(LOG_LEVEL_ERROR, "reload_failed", "why", err.text, NULL);
}

static void reopen(void *arg)
{
	(void)arg;
	reopen_log();
}

static enum status reload(void *app)
{
	struct error err = {0};

	reopen_log();
	enum status status = app_reload(app, &err);
	if (status != STATUS_OK)
		log_event(LOG_LEVEL_ERROR, "reload_failed", "why", err.text, NULL);
	return status;
}

static enum status renew(void *arg, struct error *err)
{
	struct program *program = arg;
	struct conf *conf = NULL;

	reopen_log();
	enum status status = conf_load(program->conf->file, &conf, err);
	if (status != STATUS_OK)
		return status;
	conf_free(program->renewed);
	program->renewed = conf;
	log_set_level((enum log_level)conf->server.log_level);
	return STATUS_OK;
}

/*
 * Runs the program. Sets *served to true once the server is responsible for the CGI request. From
 * then on the server answers the request, even after a failure.
 */
static enum status run(const char *config_option, bool *served, struct error *err)
{
	enum server_mode mode;
	struct program program = {0};
	struct conf *conf = NULL;
	char *file = NULL;

	enum status status = conf_file_find(config_option, &file, err);
	if (status == STATUS_OK)
		status = conf_load_start(file, &conf, err);
	if (status == STATUS_OK)
		status = conf_blame(
		    log_open(conf->server.log, (enum log_level)conf->server.log_level, err), err,
		    conf_server_place(&conf->server, "log"));
	if (status == STATUS_OK)
		log_set_format((enum log_format)conf->server.log_format, getenv("JOURNAL_STREAM"));
	for (size_t i = 0; status == STATUS_OK && i < conf->n_left_out; i++)
		log_event(LOG_LEVEL_ERROR, "sites_left_out", "why", conf->left_out[i], NULL);
	if (status == STATUS_OK)
		status = server_mode_detect(&conf->server, &mode, err);
	if (status == STATUS_OK) {
		struct server_app app = {
		    .prepare = prepare,
		    .start = start,
		    .stop = stop,
		    .handle = app_handle,
		    .handle_failed = app_handle_failed,
		    .reload = reload,
		    .renew = renew,
		    .reopen = reopen,
		    .arg = &program,
		};

		if (mode != SERVER_CGI)
			log_never_wait();
		program.conf = conf;
		program.mode = mode;
		give_up_what_is_not_needed();
		take_all_descriptors();
		*served = true;
		status = server_run(&conf->server, mode, &app, err);
	}
	if (*served && status == STATUS_BUSY) {
		/* some requests are still running, so do not free what they use */
		log_event(LOG_LEVEL_WARN, "stop_cut_off", "why", err->text, NULL);
		log_flush();
		_exit(0);
	}
	conf_free(program.renewed);
	conf_free(conf);
	free(file);
	return status;
}

/* The server's start function if the configuration is unusable. Fails with the error in arg. */
static enum status start_failed(void *arg, void **app, struct error *err)
{
	const struct error *why = arg;

	(void)app;
	secret_start(err); /* needed for the request's random id */
	*err = *why;
	return why->status;
}

/* Answers the CGI request if the program cannot start. The reason is in the web server's log. */
static void answer_for_failed_start(struct error *why)
{
	const struct server_conf none = {0};
	const struct server_app app = {
	    .start = start_failed, .handle_failed = app_handle_failed, .arg = why};
	struct error err = {0};

	server_run(&none, SERVER_CGI, &app, &err);
}

/*
 * Exits without running the exit handlers of libraries. The handlers would take a tenth of the time
 * of a CGI request, and the system frees all memory anyway.
 */
__attribute__((noreturn)) static void end_at_once(int code)
{
	fflush(stdout);
#ifdef __SANITIZE_ADDRESS__ /* the leak checker runs at exit */
	exit(code);
#else
	_exit(code);
#endif
}

static int parse_options(int argc, char **argv, const char **config)
{
	static const struct option options[] = {
	    {"config",     required_argument, NULL, 'c'},
	    {"help",        no_argument, NULL, 'h'},
	    {"version",            no_argument, NULL, 'V'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			*config = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'V':
			puts("prebind.fcgi " PREBIND_VERSION);
			exit(0);
		default:
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	bool cgi = server_is_cgi();
	const char *config = NULL;
	bool served = false;
	struct error err = {0};

	if (!cgi && parse_options(argc, argv, &config) != 0) {
		fputs(usage, stderr);
		return 2;
	}
	clean_environment();
	enum status status = run(config, &served, &err);
	if (status != STATUS_OK) {
		log_event(LOG_LEVEL_ERROR, "start_failed", "why", err.text, NULL);
		fprintf(stderr, "prebind.fcgi: %s\n", err.text);
		if (cgi && !served)
			answer_for_failed_start(&err);
	}
	log_close();
	if (cgi)
		end_at_once(status == STATUS_OK ? 0 : 1);
	return status == STATUS_OK ? 0 : 1;
}
