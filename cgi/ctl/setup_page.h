/*
 * The page /setup of the kit: what its files share. A request is answered by a process of its own,
 * as CGI. Nothing is kept between requests but the secret; the form carries the answers.
 */
#ifndef CTL_SETUP_PAGE_H
#define CTL_SETUP_PAGE_H

#include "ctl/setup.h"
#include "page/page.h"

/* What the page shows. */
struct setup_view {
	enum status status;  /* decides the HTTP status */
	const char *url;     /* of the chat page, as the browser sees it */
	const char *message; /* a key of templates/lang: what is wrong; NULL: nothing */
	const char *why;     /* a sentence for the operator, in English; NULL: none */
	const char *found;   /* lines: what setup looked at; NULL: none */
	const char *plan;    /* lines: what it will do; NULL: it cannot yet */
	const char *report;  /* lines: what it did; NULL: nothing yet */
	bool done;
};

/* setup_secret.c: writes the secret's file, if it is not there. */
enum status setup_secret_ensure(const char *folder, struct error *err);
/*
 * STATUS_OK: this is the secret. STATUS_FORBIDDEN: it is not, or there is none. STATUS_SLOW_DOWN:
 * it is not, and there were many such attempts. Blanks around `given` do not count.
 */
enum status setup_secret_check(const char *folder, const char *given, struct error *err);
/* Removes the secret, and the count of attempts. */
void setup_secret_remove(const char *folder);
#define SETUP_SECRET_FILE "setup-secret.txt"
#define SETUP_SECRET_LEN  32

/* setup_form.c: takes the answers of the posted form. */
enum status setup_form_read(struct setup *setup, const struct exchange *ex, struct error *err);
/* True if the form was sent by the button that writes. */
bool setup_form_is_write(const struct exchange *ex);
/*
 * True if what it writes is agreed upon: the plan that was shown, or, if none was, one for an XMPP
 * server that answers.
 */
bool setup_form_agrees(const struct setup *setup, const struct exchange *ex);
/*
 * setup_form.c: sends the page. setup is NULL as long as the secret is not known: the form then has
 * only what the visitor sent, and nothing of the site.
 */
void setup_form_send(struct exchange *ex, const struct setup *setup, const struct setup_view *view);
extern const struct params setup_form_params;

#endif
