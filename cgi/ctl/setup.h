/*
 * The steps of setup after the questions. prebindctl setup at the terminal and the page /setup
 * share them.
 */
#ifndef CTL_SETUP_H
#define CTL_SETUP_H

#include "ctl/ctl.h"
#include "setup/setup.h"

/* Writes the files, reads the configuration into ctl, makes the database. */
enum status setup_finish(const struct setup *setup, struct ctl *ctl, struct error *err);

/* Prints the lines of check --deep, and what is left to do. */
void setup_check(const struct setup *setup, struct ctl *ctl);

/* setup_page.c: answers the request of a web server. Returns the exit status. */
int setup_page(struct ctl *ctl);

#endif
