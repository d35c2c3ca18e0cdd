/*
 * The page /setup of the kit for shared hosting. Its form has the one-time secret and the questions
 * of setup. One button shows what setup will write, and another button writes the files. The page
 * exists only while there is no configuration. The kit's launcher (kit/launch.c) starts this code
 * as CGI. The program that serves the chat does not have the page.
 */
#include "ctl/setup_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "conf/shipped.h"
#include "serve/server.h"
#include "web/csrf.h"

#define PAGE_PATH  "/setup"
#define BODY_MAX   16384
#define REPORT_MAX 65536 /* in bytes; a longer report is cut when it is shown */

/* ---- which requests are allowed ---- */

/*
 * True if the header X-Forwarded-Proto says that a proxy in front of us ends TLS. A visitor can
 * forge the header but gains nothing, because every request needs the secret.
 */
static bool is_behind_tls(const struct request *req)
{
	const char *proto = getenv("HTTP_X_FORWARDED_PROTO");

	return !req->https && proto != NULL && strcmp(proto, "https") == 0;
}

static enum status check_scheme(const struct request *req, struct error *err)
{
	if (req->https || is_behind_tls(req) || address_is_loopback(req->remote_addr))
		return STATUS_OK;
	return error_set(err, STATUS_HTTPS_REQUIRED,
			 "/setup was opened over plain http, which would reveal the secret; open "
			 "/setup over https");
}

static enum status read_request(struct exchange *ex, const char *conf, struct error *err)
{
	const struct params none = {0};
	struct request *req = &ex->req;
	enum status status = request_read(ex->raw, req, err);

	ex->res->head = req->method == HTTP_HEAD;
	if (status == STATUS_OK)
		status = request_mount(req, NULL, false, err);
	if (status == STATUS_OK && (strcmp(req->path, PAGE_PATH) != 0 || access(conf, F_OK) == 0))
		status = error_set(err, STATUS_NOT_FOUND, "no such route");
	if (status == STATUS_OK && (req->method & (HTTP_GET | HTTP_HEAD | HTTP_POST)) == 0) {
		response_header_constant(ex->res, HEADER_ALLOW, "GET, HEAD, POST");
		status = error_set(err, STATUS_METHOD_NOT_ALLOWED, PAGE_PATH " accepts GET, POST");
	}
	if (status == STATUS_OK)
		status = check_scheme(req, err);
	if (status != STATUS_OK || req->method != HTTP_POST)
		return status;
	status = request_body_read(ex->raw, BODY_MAX, req, err);
	if (status == STATUS_OK)
		status = request_params_check(req, &none, &setup_form_params, err);
	/*
	 * The secret replaces a form token, because a page of another site does not know the
	 * secret.
	 */
	if (status == STATUS_OK && csrf_check_post(req, true) != STATUS_OK)
		status = error_set(err, STATUS_FORBIDDEN, "the form was not sent from this page");
	return status;
}

/* ---- writing ---- */

static enum status add_first_user(struct ctl *ctl, const struct exchange *ex, struct error *err)
{
	const char *name = fields_get(&ex->req.form, "first_user");
	const char *password = fields_get(&ex->req.form, "first_password");

	if (name == NULL || name[0] == '\0' || password == NULL || password[0] == '\0')
		return STATUS_OK;
	ctl->site = ctl->conf->sites;
	enum status status =
	    store_open(&STORE_LOCATION(ctl->site), ctl->site->name, &ctl->store, err);
	if (status == STATUS_OK)
		status = ctl_user_new(ctl, name, password, err);
	store_close(ctl->store);
	ctl->store = NULL;
	return status;
}

/* Runs in a child process. The page shows the child's standard output. */
static enum status write_and_check(const struct setup *setup, const struct exchange *ex,
				   struct ctl *ctl)
{
	struct error err = {0};
	enum status status = setup_finish(setup, ctl, &err);

	if (status == STATUS_OK)
		status = add_first_user(ctl, ex, &err);
	if (status == STATUS_OK) {
		setup_check(setup, ctl);
	} else {
		printf("%s\n", err.text);
		unlink(setup->conf); /* made by setup; while this file exists, /setup is disabled */
	}
	fflush(stdout);
	return status;
}

static void read_all(int fd, struct strbuf *out)
{
	char part[4096];
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while (out->len < REPORT_MAX && (n = read(fd, part, sizeof(part))) > 0)
		strbuf_add(out, part, (size_t)n);
}

static enum status write_in_child(const struct setup *setup, const struct exchange *ex,
				  const struct ctl *of, struct strbuf *report)
{
	int fd = memfd_create("report", MFD_CLOEXEC), result = 0;
	struct ctl ctl = *of;

	fflush(stdout);
	pid_t child = fd >= 0 ? fork() : -1;
	if (child == 0) {
		bool ok = dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0;

		_exit(ok && write_and_check(setup, ex, &ctl) == STATUS_OK ? EXIT_DONE
									  : EXIT_REFUSED);
	}
	while (child > 0 && waitpid(child, &result, 0) < 0 && errno == EINTR)
		continue;
	if (fd >= 0) {
		read_all(fd, report);
		close(fd);
	}
	return child > 0 && WIFEXITED(result) && WEXITSTATUS(result) == EXIT_DONE
		   ? STATUS_OK
		   : STATUS_UNAVAILABLE;
}

/* ---- the answers ---- */

/* Proposed answers that setup can find in a request, but not at a terminal. */
struct known {
	struct strbuf url;
	char *site;
	const char *proxy;
};

static void known_init(struct known *known, const struct exchange *ex)
{
	const char *page = conf_kit_page();
	const char *origin = ex->req.origin_self;
	bool tls = is_behind_tls(&ex->req);

	*known = (struct known){.site = page != NULL ? setup_folder_of(page) : NULL,
				.proxy = tls ? ex->req.remote_addr : NULL};
	strbuf_init(&known->url);
	strbuf_addf(&known->url, "%s%s", tls ? "https" : "",
		    origin + (tls ? strcspn(origin, ":") : 0));
	page_base(ex, &known->url);
	strbuf_addc(&known->url, '/');
}

static void known_clear(struct known *known)
{
	strbuf_clear(&known->url);
	free(known->site);
}

/*
 * Runs setup with the form's answers. Prints what setup finds to `found`, and the plan to `plan`.
 */
static enum status look(struct setup *setup, const struct exchange *ex, const char *conf,
			FILE *found, FILE *plan, struct error *err)
{
	setup->say = found;
	enum status status = setup_begin(setup, conf, err);
	if (status == STATUS_OK)
		status = setup_form_read(setup, ex, err);
	if (status == STATUS_OK)
		status = setup_ask(setup, err);
	if (status == STATUS_OK)
		status = setup_plan(setup, err);
	setup->say = plan;
	if (status == STATUS_OK)
		status = setup_files_show(setup, err);
	return status;
}

static void write_or_show(struct exchange *ex, const struct setup *setup, const struct ctl *ctl,
			  struct setup_view *view)
{
	struct strbuf report;

	strbuf_init_secret(&report);
	if (view->status == STATUS_OK && setup_form_agrees(setup, ex)) {
		view->status = write_in_child(setup, ex, ctl, &report);
		view->report = report.data;
		view->done = view->status == STATUS_OK;
		view->message = view->done ? NULL : "setup_failed";
	} else if (view->status != STATUS_OK) {
		view->message = "setup_incomplete";
		view->status = STATUS_OK; /* incomplete answers are not an HTTP error */
	} else if (setup_form_is_write(ex)) {
		view->message = setup->xmpp_server == NULL ? "setup_unanswered" : "setup_changed";
	}
	if (view->done)
		setup_secret_remove(conf_kit());
	setup_form_send(ex, setup, view);
	strbuf_clear(&report);
}

static void answer(struct exchange *ex, const char *conf, const struct ctl *ctl,
		   const struct known *known)
{
	char *found = NULL, *plan = NULL;
	size_t found_len, plan_len;
	FILE *to_found = open_memstream(&found, &found_len);
	FILE *to_plan = open_memstream(&plan, &plan_len);
	struct setup setup = {0};
	struct setup_view view = {0};
	struct error err = {0};

	setup.proposals[SETUP_URL] = known->url.data;
	setup.proposals[SETUP_SITE] = known->site;
	setup.proposals[SETUP_PROXIES] = known->proxy;
	view.status = to_found != NULL && to_plan != NULL
			  ? look(&setup, ex, conf, to_found, to_plan, &err)
			  : error_no_memory(&err);
	if (to_found != NULL)
		fclose(to_found);
	if (to_plan != NULL)
		fclose(to_plan);
	view.why = view.status != STATUS_OK ? err.text : NULL;
	view.found = found;
	view.plan = view.status == STATUS_OK ? plan : NULL;
	setup.say = stdout; /* the standard output of the child process that writes */
	write_or_show(ex, &setup, ctl, &view);
	setup_clear(&setup);
	free(found);
	free(plan);
}

static enum status handle_form(struct exchange *ex, const char *conf, const struct ctl *ctl,
			       struct error *err)
{
	const char *secret = fields_get(&ex->req.form, "secret");
	struct setup_view view = {.message = secret != NULL ? "setup_wrong" : NULL};
	enum status status = setup_secret_ensure(conf_kit(), err);
	struct known known;

	if (status == STATUS_OK && secret != NULL)
		status = setup_secret_check(conf_kit(), secret, err);
	known_init(&known, ex);
	if (status == STATUS_OK && secret != NULL) {
		answer(ex, conf, ctl, &known);
	} else if (status == STATUS_OK || status == STATUS_FORBIDDEN) {
		view.status = status;
		view.url = known.url.data;
		setup_form_send(ex, NULL, &view);
		status = STATUS_OK;
	}
	known_clear(&known);
	return status;
}

static void handle(void *arg, const struct raw_request *raw, struct response *response)
{
	const char *conf = getenv("PREBIND_CONF");
	_Atomic int64_t warned = 0;
	struct exchange ex = {
	    .raw = raw, .res = response, .now = clock_wall(), .warned_ms = &warned};
	struct error err = {0};
	enum status status = read_request(&ex, conf, &err);

	if (status == STATUS_OK)
		status = handle_form(&ex, conf, arg, &err);
	if (status != STATUS_OK) {
		fprintf(stderr, "prebindctl: %s\n", err.text);
		page_send_error(&ex, status, &err);
	}
	page_finish(&ex);
	request_clear(&ex.req);
}

static enum status start(void *arg, void **app, struct error *err)
{
	(void)err;
	*app = arg;
	return STATUS_OK;
}

static void stop(void *app)
{
	(void)app;
}

int setup_page(struct ctl *ctl)
{
	const struct server_conf none = {0};
	const struct server_app app = {.start = start, .stop = stop, .handle = handle, .arg = ctl};
	struct error err = {0};

	if (conf_kit() == NULL || getenv("PREBIND_CONF") == NULL) {
		error_set(&err, STATUS_BAD_REQUEST,
			  "--page works only in the kit for shared hosting, where the kit's "
			  "launcher sets it");
		return ctl_fail(ctl, &err);
	}
	umask(0077);
	return server_run(&none, SERVER_CGI, &app, &err) == STATUS_OK ? EXIT_DONE : EXIT_REFUSED;
}
