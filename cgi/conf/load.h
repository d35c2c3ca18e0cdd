/*
 * Filling a struct conf from files: the state of one conf_load, and its three steps. Internal to
 * conf/.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/databases.h"
#include "conf/keys.h"

struct load {
	struct conf *conf;           /* borrowed; being filled */
	size_t sites_size;           /* allocated */
	void *names;                 /* sites' names so far; a tree of tsearch(3), borrowing them */
	struct databases *databases; /* of the sites so far; owned; NULL: none yet */
	enum status status;          /* of the first fault; nothing is read behind it */
	struct error *err;           /* its sentence */
	bool server_seen;
	long sites_line; /* where `sites` was set; 0: it was not */

	/* the file that is being read */
	const char *file; /* borrowed from conf->files */
	long line;

	/* the section that is being read */
	enum conf_section section;
	long seen[CONF_KEYS_MAX]; /* by key: the line that set it; 0: not set */
};

/* The first call's sentence stays: "FILE:LINE: KEY: …". line 0 and key NULL are left out. */
void load_fault(struct load *load, long line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void load_no_memory(struct load *load);

/* Reads one file; ends with the check of its last section. The outcome is in load->status. */
void load_file(struct load *load, const char *path);

/* After a fault: the section it was in, and the name of a site that is not taken. */
void load_forget_section(struct load *load);
void load_forget_name(struct load *load, const char *name);

/* Frees what belongs to the loading alone. */
void load_clear(struct load *load);

/*
 * The values of one site against each other, when its section ends (load->seen is still of that
 * section).
 */
void load_check_site(struct load *load, const struct site_conf *site);

/* The sites against each other, when all is read; makes conf->hosts. */
void load_check_sites(struct load *load);

#endif
