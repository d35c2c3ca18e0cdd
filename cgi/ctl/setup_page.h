/*
 * Declarations that the files of the kit's page /setup share. Each request runs in a new process,
 * as CGI. Only the secret and the count of attempts are stored between requests. The form carries
 * the answers.
 */
#ifndef CTL_SETUP_PAGE_H
#define CTL_SETUP_PAGE_H

#include "ctl/setup.h"
#include "page/page.h"

/* The content of the page. The strings are borrowed. */
struct setup_view {
	enum status status;  /* decides the page's HTTP status */
	const char *url;     /* the chat page's address, as the browser sees it */
	const char *message; /* key of a text in templates/lang; NULL if there is no error */
	const char *why;     /* a sentence for the operator, in English; NULL if there is none */
	const char *found;   /* lines about what setup found; NULL if there are none */
	const char *plan;    /* lines about what setup will write; NULL while answers are missing */
	const char *report;  /* lines about what setup did; NULL if it has done nothing yet */
	bool done;
};

/* setup_secret.c: creates the file with the secret, if it does not exist. */
enum status setup_secret_ensure(const char *folder, struct error *err);
/*
 * Compares `given` with the secret, but ignores spaces around `given`. Returns STATUS_OK if `given`
 * is right, and STATUS_FORBIDDEN if `given` is wrong or if there is no secret. Returns
 * STATUS_SLOW_DOWN if `given` is wrong and there were too many wrong attempts.
 */
enum status setup_secret_check(const char *folder, const char *given, struct error *err);
/* Removes the secret and the count of wrong attempts. */
void setup_secret_remove(const char *folder);
#define SETUP_SECRET_FILE "setup-secret.txt"
#define SETUP_SECRET_LEN  32

/* setup_form.c: reads the answers from the posted form. */
enum status setup_form_read(struct setup *setup, const struct exchange *ex, struct error *err);
/* True if the visitor used the button that writes. */
bool setup_form_is_write(const struct exchange *ex);
/*
 * True if the form tells setup to write. If a plan was shown, the plan must be unchanged. If no
 * plan was shown, setup must have reached an XMPP server.
 */
bool setup_form_agrees(const struct setup *setup, const struct exchange *ex);
/*
 * setup_form.c: sends the page. setup is NULL if the visitor has not given the secret. If setup is
 * NULL, the form has only what the visitor sent, and nothing about the site.
 */
void setup_form_send(struct exchange *ex, const struct setup *setup, const struct setup_view *view);
extern const struct params setup_form_params;

#endif
