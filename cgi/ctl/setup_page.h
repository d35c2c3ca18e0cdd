/*
 * Shared by the files of the page /setup of the kit. Each request is answered by a process of its
 * own, as CGI. Only the secret is kept between requests. The form carries the answers.
 */
#ifndef CTL_SETUP_PAGE_H
#define CTL_SETUP_PAGE_H

#include "ctl/setup.h"
#include "page/page.h"

/* What the page shows. */
struct setup_view {
	enum status status;  /* decides the HTTP status */
	const char *url;     /* the chat page's address, as the browser sees it */
	const char *message; /* key of a text in templates/lang; NULL if nothing is wrong */
	const char *why;     /* a sentence for the operator, in English; NULL if there is none */
	const char *found;   /* lines about what setup looked at; NULL if there are none */
	const char *plan;    /* lines about what it will do; NULL if it cannot do it yet */
	const char *report;  /* lines about what it did; NULL if it did nothing yet */
	bool done;
};

/* setup_secret.c: writes the secret's file, if it is not there. */
enum status setup_secret_ensure(const char *folder, struct error *err);
/*
 * Returns STATUS_OK if this is the secret. Returns STATUS_FORBIDDEN if it is wrong, or if there is
 * no secret. Returns STATUS_SLOW_DOWN if it is wrong and there were many such attempts. Blanks
 * around `given` are ignored.
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
 * True if the form asks to write and the plan is agreed upon. If a plan was shown, it must not have
 * changed. If no plan was shown, an XMPP server must have answered.
 */
bool setup_form_agrees(const struct setup *setup, const struct exchange *ex);
/*
 * setup_form.c: sends the page. While the secret is not known, setup is NULL. Then the form has
 * only what the visitor sent, and nothing of the site.
 */
void setup_form_send(struct exchange *ex, const struct setup *setup, const struct setup_view *view);
extern const struct params setup_form_params;

#endif
