/*
 * The part of prebindctl check that root uses if the sites run as several accounts. This is usual
 * on shared hosting with plain CGI. A child process checks each site as the account that runs the
 * site.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "ctl/account.h"
#include "ctl/report.h"

static bool is_asked_for(const struct ctl *ctl, size_t i)
{
	return ctl->site == NULL || ctl->site == &ctl->conf->sites[i];
}

/* Finds the account of each selected site. Sets *several to true if the accounts differ. */
static enum status find_accounts(const struct ctl *ctl, uid_t *accounts, bool *several,
				 struct error *err)
{
	const struct conf *conf = ctl->conf;
	const uid_t *first = NULL;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < conf->n_sites && status == STATUS_OK; i++) {
		if (!is_asked_for(ctl, i))
			continue;
		status = account_of_site(conf, &conf->sites[i], &accounts[i], err);
		if (first == NULL)
			first = &accounts[i];
		*several |= accounts[i] != *first;
	}
	return status;
}

/* True if no site before site i has the same account. */
static bool is_first(const uid_t *accounts, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (accounts[k] == accounts[i])
			return false;
	return true;
}

/*
 * Changes to the account and checks its sites. If with_files is true, also checks the files that
 * the account needs, which is necessary only once per account.
 */
static void check_as(struct report *report, uid_t account, bool with_files)
{
	struct error err = {0};
	enum status status = account_become(account, &err);

	if (status != STATUS_OK) {
		report_tell(report, "sites", status, err.text);
		return;
	}
	if (with_files) {
		check_files(report);
		check_log(report);
		check_status_token(report);
	}
	check_sites(report);
}

/* ---- a child process ---- */

/* Writes the report to standard output, or as JSON to fd. Does not return. */
static void child_run(struct report *report, uid_t account, bool with_files, int fd)
{
	struct strbuf json;
	struct json_writer w;

	strbuf_init(&json);
	json_writer_init(&w, &json);
	report->w = &w;
	report->failed = 0;
	check_as(report, account, with_files);
	bool told = fflush(stdout) == 0 && strbuf_ok(&json) && file_write(fd, json.data, json.len);
	strbuf_clear(&json);
	_exit(told && report->failed == 0 ? EXIT_DONE : EXIT_REFUSED);
}

/* Adds the child's report to ours. The child writes a JSON list without brackets. */
static void read_json(struct report *report, int fd)
{
	struct json_writer *w = report->w;
	bool comma = w->comma;
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0 && comma)
			strbuf_addc(w->out, ',');
		if (n > 0) {
			strbuf_add(w->out, chunk, (size_t)n);
			w->comma = true;
			comma = false;
		}
	}
}

static void check_in_child(struct report *report, uid_t account, bool with_files)
{
	int status = 0, ends[2];
	pid_t child = -1;

	fflush(stdout);
	if (pipe(ends) == 0) {
		child = fork();
		if (child == 0) {
			close(ends[0]);
			child_run(report, account, with_files, ends[1]);
		}
		close(ends[1]);
		read_json(report, ends[0]);
		close(ends[0]);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (child < 0 || !WIFEXITED(status))
		report_tell(report, "site", STATUS_INTERNAL,
			    "the site was not checked, because the process for the check could not "
			    "be started, or ended early");
	else
		report->failed += WEXITSTATUS(status) != EXIT_DONE;
}

void check_sites_by_account(struct report *report)
{
	struct ctl *ctl = report->ctl;
	const struct site_conf *asked_for = ctl->site;
	bool several = false;
	struct error err = {0};
	uid_t *accounts = calloc(ctl->conf->n_sites, sizeof(*accounts));
	enum status status =
	    accounts == NULL ? error_no_memory(&err) : find_accounts(ctl, accounts, &several, &err);

	if (status != STATUS_OK)
		report_tell(report, "sites", status, err.text);
	else if (!several)
		check_as(report, accounts[asked_for == NULL ? 0 : asked_for - ctl->conf->sites],
			 true);
	for (size_t i = 0; several && i < ctl->conf->n_sites; i++) {
		ctl->site = &ctl->conf->sites[i];
		check_in_child(report, accounts[i], is_first(accounts, i));
	}
	ctl->site = asked_for;
	free(accounts);
}
