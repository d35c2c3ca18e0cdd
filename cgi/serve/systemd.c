/*
 * Communicates with systemd without its library. Takes the listening socket from systemd
 * (sd_listen_fds(3)), and reports our state (sd_notify(3), sd_watchdog_enabled(3)). Sends no
 * reports if systemd has not asked for them.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/server_parts.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START of sd_listen_fds(3) */

/* Reads a positive number from an environment variable. Returns 0 if there is none. */
static long long number_of(const char *name)
{
	const char *text = getenv(name);
	char *end = NULL;
	long long number = text != NULL && *text ? strtoll(text, &end, 10) : 0;

	return end != NULL && *end == '\0' && number > 0 ? number : 0;
}

bool activation_given(void)
{
	return number_of("LISTEN_PID") == getpid() && number_of("LISTEN_FDS") > 0;
}

enum status activation_take(int *out, struct error *err)
{
	long long count = number_of("LISTEN_FDS");

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (count != 1)
		return error_set(
		    err, STATUS_INTERNAL,
		    "systemd passes %lld sockets; give the .socket unit exactly one ListenStream=",
		    count);
	if (!socket_is_listening(FIRST_FD) || fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) != 0)
		return error_set(err, STATUS_INTERNAL,
				 "descriptor %d, passed by systemd, is not a listening socket; the "
				 ".socket unit needs ListenStream= and Accept=no",
				 FIRST_FD);
	*out = FIRST_FD;
	return STATUS_OK;
}

/* ---- reports of our state ---- */

/*
 * Converts the socket's name to an address. The name of an abstract socket begins with @ in place
 * of a NUL. *len is the length of the address, which ends directly after the name.
 */
static bool address_of(const char *name, struct sockaddr_un *address, socklen_t *len)
{
	size_t size = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || size >= sizeof(address->sun_path))
		return false;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path, name, size);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	return true;
}

void notify_open(struct notify *out)
{
	const char *name = getenv("NOTIFY_SOCKET");
	long long usec = number_of("WATCHDOG_USEC");
	long long pid = number_of("WATCHDOG_PID");

	*out = (struct notify){.fd = -1};
	if (name == NULL || !address_of(name, &out->address, &out->len))
		return;
	out->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	out->pid = getpid();
	if (usec > 0 && (pid == 0 || pid == out->pid))
		out->every_ms = usec / 2000 > 0 ? usec / 2000 : 1;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* Sends a report. Ignores failures, because no request depends on the reports. */
static void say(const struct notify *notify, const char *text)
{
	if (notify->fd < 0 || notify->pid != getpid())
		return;
	while (sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		      (const struct sockaddr *)&notify->address, notify->len) < 0 &&
	       errno == EINTR)
		;
}

void notify_ready(struct notify *notify, size_t processes)
{
	char text[128];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=Serving, with %zu process%s.", processes,
		 processes == 1 ? "" : "es");
	say(notify, text);
	notify->next_ms = clock_monotonic_ms();
}

void notify_reloading(const struct notify *notify)
{
	struct timespec now;
	char text[128];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text),
		 "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=Reading the configuration again.",
		 (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	say(notify, text);
}

void notify_stopping(const struct notify *notify)
{
	say(notify, "STOPPING=1\nSTATUS=Answering the last requests.");
}

int notify_watchdog(struct notify *notify)
{
	int64_t now = clock_monotonic_ms();

	if (notify->every_ms == 0 || notify->next_ms == 0 || notify->pid != getpid())
		return -1;
	if (now >= notify->next_ms) {
		say(notify, "WATCHDOG=1");
		notify->next_ms = now + notify->every_ms;
	}
	return (int)(notify->next_ms - now);
}
