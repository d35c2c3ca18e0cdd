/*
 * Fills a struct conf from files: the state of one conf_load and its steps. Internal to conf/.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/databases.h"
#include "conf/keys.h"

struct load {
	struct conf *conf; /* borrowed; being filled */
	size_t sites_size; /* number of allocated sites */
	void *names;       /* a tree of tsearch(3) with the site names so far; names are borrowed */
	struct databases *databases; /* of the sites so far; owned; NULL if there is none */
	enum status status;          /* status of the first fault, at which reading stops */
	struct error *err;           /* the sentence of that fault */
	bool server_seen;
	long sites_line; /* the line that set `sites`; 0 if not set */

	/* the current file */
	const char *file; /* borrowed from conf->files */
	long line;

	/* the current section */
	enum conf_section section;
	long seen[CONF_KEYS_MAX]; /* for each key, the line that set it; 0 if not set */
};

/*
 * Records a fault, unless one is already recorded. The sentence is "FILE:LINE: KEY: …". It has no
 * line if line is 0, and no key if key is NULL.
 */
void load_fault(struct load *load, long line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void load_no_memory(struct load *load);

/* Sets the defaults, and sets [server] to its defaults. Call it before the first file is read. */
void load_defaults(struct load *load);

/* Reads one file and checks its last section. The result is in load->status. */
void load_file(struct load *load, const char *path);

/*
 * For use after a fault. The first function resets the current section. The second removes the name
 * of a site that is not used.
 */
void load_forget_section(struct load *load);
void load_forget_name(struct load *load, const char *name);

/* Frees what only the loading needs. */
void load_clear(struct load *load);

/*
 * Checks the values of one site against each other at the end of its section, while load->seen
 * still belongs to it.
 */
void load_check_site(struct load *load, const struct site_conf *site);

/* Checks the sites against each other after all files are read; sorts conf->hosts. */
void load_check_sites(struct load *load);

#endif
