/*
 * The steps of setup after the questions. prebindctl setup and the page /setup share these steps.
 */
#ifndef CTL_SETUP_H
#define CTL_SETUP_H

#include "ctl/ctl.h"
#include "setup/setup.h"

/* Writes the files, loads the new configuration into ctl, and creates the database. */
enum status setup_finish(const struct setup *setup, struct ctl *ctl, struct error *err);

/* Prints the results of check --deep, and what the operator must do next. */
void setup_check(const struct setup *setup, struct ctl *ctl);

/* setup_page.c: answers one CGI request of a web server. Returns the exit status. */
int setup_page(struct ctl *ctl);

#endif
