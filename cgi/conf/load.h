/*
 * Fills a struct conf from files. struct load is the state of one conf_load. Internal to conf/.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/databases.h"
#include "conf/keys.h"

struct load {
	struct conf *conf; /* borrowed; the configuration to fill */
	size_t sites_size; /* number of sites for which there is memory */
	/*
	 * a tree of tsearch(3) with the names of the sites that were read; the names are borrowed
	 */
	void *names;
	/* owned; the databases of the sites that were read; NULL if there are none */
	struct databases *databases;
	enum status status; /* status of the first fault; reading stops at this fault */
	struct error *err;  /* the error sentence about the first fault */
	bool server_seen;
	long sites_line; /* line that set the key `sites`; 0 if not set */

	/* state of the current file */
	const char *file; /* borrowed from conf->files */
	long line;

	/* state of the current section */
	enum conf_section section;
	long seen[CONF_KEYS_MAX]; /* for each key, the line that set the key; 0 if not set */
};

/*
 * Records a fault, unless a fault is already recorded. The sentence is "FILE:LINE: KEY: …", without
 * LINE if line is 0, and without KEY if key is NULL.
 */
void load_fault(struct load *load, long line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void load_no_memory(struct load *load);

/*
 * Sets the defaults of [server] and [site], and sets conf->server to the defaults of [server]. Must
 * be called before the first file is read.
 */
void load_defaults(struct load *load);

/* Reads a file, and checks its last section. Sets load->status. */
void load_file(struct load *load, const char *path);

/*
 * Called after a fault. load_forget_section resets the current section. load_forget_name removes
 * the name of a site that is ignored.
 */
void load_forget_section(struct load *load);
void load_forget_name(struct load *load, const char *name);

/* Frees the data that only loading needs. */
void load_clear(struct load *load);

/*
 * Checks the values of a site against each other. Called at the end of the site's section, while
 * load->seen still describes that section.
 */
void load_check_site(struct load *load, const struct site_conf *site);

/* Checks the sites against each other, after all files are read. Also sorts conf->hosts. */
void load_check_sites(struct load *load);

#endif
