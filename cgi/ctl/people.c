/*
 * prebindctl people export: prints the site's people as a group for the XMPP server. The server
 * makes all members contacts of each other, without asking them. Prosody gets a file for
 * mod_groups. ejabberd and Tigase get a shell script that sets the group's members. docs/people.md
 * describes how to use the output.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/people.h"
#include "base/codec.h"
#include "ctl/ctl.h"

#define GROUP_DEFAULT "Everybody"
#define GROUP_MAX     64 /* in bytes */
/*
 * The limit on members. At every login the server sends a member the list of all other members,
 * with about 100 bytes for each. With 5000 members that is half a megabyte. The number of contacts
 * grows with the square of the number of members.
 */
#define MEMBERS_MAX 5000

/*
 * How to print a group for a kind of server. The head comes before the members, the tail after
 * them.
 */
struct server {
	const char *name;
	const char *head; /* contains "%s" in place of the group's name */
	void (*member)(const struct person *person, FILE *out);
	const char *tail; /* NULL if nothing comes after the members */
};

/* A member is a line JID=NAME. A line that begins with [ starts a group. */
static void member_prosody(const struct person *person, FILE *out)
{
	if (person->jid[0] == '[' || strchr(person->jid, '=') != NULL)
		fprintf(stderr,
			"prebindctl: this JID is left out, because mod_groups cannot store "
			"it: %s\n",
			person->jid);
	else
		fprintf(out, "%s=%s\n", person->jid, person->name);
}

/*
 * A JID needs no quoting, because it has no quotes, spaces or control characters (RFC 7622, 3.3.1).
 */
static void member_tigase(const struct person *person, FILE *out)
{
	fprintf(out, "%s\n", person->jid);
}

/*
 * Prints the JID only if its characters are harmless in a shell script. The JID is passed to
 * ejabberdctl, a shell script that other scripts also call.
 */
static void member_ejabberd(const struct person *person, FILE *out)
{
	bool harmless = true;

	for (const char *c = person->jid; *c != '\0'; c++)
		harmless = harmless && ((unsigned char)*c >= 0x80 || isalnum((unsigned char)*c) ||
					strchr("@._-+", *c) != NULL);
	if (harmless && person->jid[0] != '-')
		fprintf(out, "%s\n", person->jid);
	else
		fprintf(stderr,
			"prebindctl: this JID is left out, because it has a character that "
			"is unsafe in a script: %s\n",
			person->jid);
}

/*
 * The members are a here-document between two lines with the word MEMBERS. The first MEMBERS is
 * quoted, so the shell does not expand anything in the document.
 */
static const char ejabberd_head[] = "#!/bin/sh\n"
				    "# Run this script as a user who may run ejabberdctl. "
				    "ejabberd needs mod_shared_roster and mod_admin_extra.\n"
				    "set -eu\n"
				    "group='%s'\n"
				    "ctl=${EJABBERDCTL:-ejabberdctl}\n"
				    "should=$(mktemp)\n"
				    "is=$(mktemp)\n"
				    "trap 'rm -f \"$should\" \"$is\"' EXIT\n"
				    "LC_ALL=C sort -u >\"$should\" <<'MEMBERS'\n";
static const char ejabberd_tail[] =
    "MEMBERS\n"
    "host=$(head -n 1 \"$should\" | sed 's/.*@//')\n"
    "[ -n \"$host\" ] || { echo 'the site has no people' >&2; exit 1; }\n"
    "$ctl srg_list \"$host\" | grep -qxF \"$group\" || $ctl srg_create \"$group\" \"$host\" "
    "\"$group\" \"$group\" \"$group\"\n"
    "$ctl srg_get_members \"$group\" \"$host\" | LC_ALL=C sort -u >\"$is\"\n"
    "LC_ALL=C comm -13 \"$should\" \"$is\" | while IFS= read -r jid; do\n"
    "\t$ctl srg_user_del \"${jid%@*}\" \"${jid##*@}\" \"$group\" \"$host\" </dev/null\n"
    "done\n"
    "LC_ALL=C comm -23 \"$should\" \"$is\" | while IFS= read -r jid; do\n"
    "\t$ctl srg_user_add \"${jid%@*}\" \"${jid##*@}\" \"$group\" \"$host\" </dev/null\n"
    "done\n";

static const char tigase_head[] =
    "#!/bin/sh\n"
    "# Usage: sh FILE STATE. The script stores the members in the file STATE for the next run. "
    "Environment:\n"
    "# TIGASE_URL, such as http://127.0.0.1:8080/rest/adhoc/sess-man@example.org, and CURL_CONFIG, "
    "a file for\n"
    "# curl with the lines user = \"admin@example.org:PASSWORD\" and, if there is one, header = "
    "\"Api-Key: KEY\".\n"
    "set -eu\n"
    "group='%s'\n"
    "state=${1:?give the file for the members as an argument}\n"
    "should=$(mktemp)\n"
    "trap 'rm -f \"$should\"' EXIT\n"
    "touch \"$state\"\n"
    "LC_ALL=C sort -u >\"$should\" <<'MEMBERS'\n";
static const char tigase_tail[] =
    "MEMBERS\n"
    "text() { printf '%s' \"$1\" | sed 's/&/\\&amp;/g; s/</\\&lt;/g'; }\n"
    "item() { printf '<item><var>%s</var><value>%s</value></item>' \"$1\" \"$(text \"$2\")\"; }\n"
    "change() { # OPERATION OWNER OTHER\n"
    "\tanswer=$({\n"
    "\t\tprintf '<command><node>user-roster-management</node><fields>'\n"
    "\t\titem rosterOwnerJID \"$2\"; item jidToManipulate \"$3\"; item groups \"$group\"\n"
    "\t\titem operationType \"$1\"; item subscriptionType both\n"
    "\t\tprintf '</fields></command>'\n"
    "\t} | curl -sS -f -K \"$CURL_CONFIG\" -H 'Content-Type: application/xml; charset=utf-8' "
    "--data-binary @- \"$TIGASE_URL\")\n"
    "\tcase $answer in *'Operation successful'*) ;; *) echo \"$2, $3: $answer\" >&2; exit 1 ;; "
    "esac\n"
    "}\n"
    "both() { # OPERATION MEMBER < the others\n"
    "\twhile IFS= read -r other; do\n"
    "\t\t[ \"$other\" = \"$2\" ] || { change \"$1\" \"$2\" \"$other\" </dev/null; change \"$1\" "
    "\"$other\" \"$2\" </dev/null; }\n"
    "\tdone\n"
    "}\n"
    "LC_ALL=C comm -13 \"$should\" \"$state\" | while IFS= read -r jid; do both removeJid \"$jid\" "
    "<\"$state\"; done\n"
    "LC_ALL=C comm -23 \"$should\" \"$state\" | while IFS= read -r jid; do both addJid \"$jid\" "
    "<\"$should\"; done\n"
    "cp \"$should\" \"$state\"\n";

static const struct server servers[] = {
    {"prosody",  "[%s]\n",      member_prosody,  NULL         },
    {"ejabberd", ejabberd_head, member_ejabberd, ejabberd_tail},
    {"tigase",   tigase_head,   member_tigase,   tigase_tail  },
};

static const struct server *server_named(const char *name)
{
	for (size_t i = 0; name != NULL && i < sizeof(servers) / sizeof(servers[0]); i++)
		if (strcmp(servers[i].name, name) == 0)
			return &servers[i];
	return NULL;
}

/*
 * Refuses a group name with quotes or brackets, because the name is printed in quotes in a script
 * and in brackets in a file.
 */
static bool group_is_good(const char *group)
{
	size_t len = strlen(group);

	return len > 0 && len <= GROUP_MAX && group[0] != '+' &&
	       strpbrk(group, "'[]\\%,") == NULL && utf8_valid(group, len) &&
	       !text_has_control(group);
}

/*
 * Collects the group in memory (out), and prints it only when it is complete. If the XMPP server
 * got an incomplete group, the missing people would lose their contacts.
 */
struct exporter {
	const struct server *server;
	FILE *out;
};

static void print_member(void *arg, const struct person *person)
{
	const struct exporter *exporter = arg;

	exporter->server->member(person, exporter->out);
}

/* Prints the head with the group's name in place of "%s". The tail does not contain "%s". */
static void print_head(const struct exporter *exporter, const char *group)
{
	const char *head = exporter->server->head, *place = strstr(head, "%s");

	fprintf(exporter->out, "%.*s%s%s", (int)(place - head), head, group, place + 2);
}

/* Adds the reason for the limit to the error about more than MEMBERS_MAX people. */
static void say_why(struct error *err)
{
	char text[sizeof(err->text)];

	snprintf(text, sizeof(text), "%s", err->text);
	error_set(
	    err, STATUS_CONFLICT,
	    "%s; in one group, each member would receive a list of all members at every login, "
	    "which is more than half a megabyte. Set people = all instead, so that users can "
	    "search for each other (docs/people.md)",
	    text);
}

/* Writes the whole group to exporter->out. */
static enum status write_group(const struct ctl *ctl, struct exporter *exporter, const char *group,
			       struct error *err)
{
	print_head(exporter, group);
	enum status status =
	    people_all(ctl->site, ctl->store, MEMBERS_MAX, print_member, exporter, err);
	if (status == STATUS_CONFLICT)
		say_why(err);
	if (exporter->server->tail != NULL)
		fputs(exporter->server->tail, exporter->out);
	return status;
}

int ctl_people_export(struct ctl *ctl)
{
	const struct server *server = server_named(ctl->server);
	const char *group = ctl->group != NULL ? ctl->group : GROUP_DEFAULT;
	struct error err = {0};
	char *text = NULL;
	size_t len = 0;

	if (server == NULL || !group_is_good(group)) {
		fputs(server == NULL
			  ? "prebindctl: this verb requires --for prosody, --for ejabberd or --for "
			    "tigase\n"
			  : "prebindctl: --group requires a name of at most 64 bytes, without ' [ "
			    "] \\ % or a comma, and without + at the beginning\n",
		      stderr);
		return EXIT_USAGE;
	}
	struct exporter exporter = {.server = server, .out = open_memstream(&text, &len)};
	enum status status =
	    exporter.out != NULL ? write_group(ctl, &exporter, group, &err) : error_no_memory(&err);
	if (exporter.out != NULL && fclose(exporter.out) != 0 && status == STATUS_OK)
		status = error_no_memory(&err);
	if (status == STATUS_OK)
		fwrite(text, 1, len, stdout);
	free(text);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}
