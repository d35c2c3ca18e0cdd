/*
 * The commands prebindctl backup and prebindctl restore.
 */
#include "store/backup.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"

int ctl_backup(struct ctl *ctl)
{
	struct error err = {0};

	if (store_backup(ctl->site->database, ctl->argv[0], &err) != STATUS_OK)
		return ctl_fail(ctl, &err);
	printf("%s is a copy of %s; keep the copy as secret as the database\n", ctl->argv[0],
	       ctl->site->database);
	return EXIT_DONE;
}

int ctl_restore(struct ctl *ctl)
{
	struct store_restoration what = {
	    .database = ctl->site->database, .site = ctl->site->name, .file = ctl->argv[0]};
	struct error err = {0};

	if (store_restore(&what, &err) != STATUS_OK)
		return ctl_fail(ctl, &err);
	printf("%s is restored; everybody must log in again\n", ctl->site->database);
	if (what.from != store_schema())
		printf("the schema of the database was changed from %d to %d\n", what.from,
		       store_schema());
	if (what.kept != NULL)
		printf("the previous database is kept as %s\n", what.kept);
	free(what.kept);
	return EXIT_DONE;
}
