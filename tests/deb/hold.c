/*
 * hold SOCKET PROGRAM…: does for a program what systemd does with a socket unit: listens, and gives
 * the program the socket as descriptor 3. SIGUSR1 ends the program and starts it again; meanwhile
 * the socket stays, and connections wait in it. SIGTERM ends both.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST   3 /* of the descriptors that systemd hands over */
#define BACKLOG 128

static int listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static pid_t start(int fd, char **argv, const sigset_t *before)
{
	char self[16];
	pid_t child = fork();

	if (child != 0)
		return child;
	sigprocmask(SIG_SETMASK, before, NULL);
	snprintf(self, sizeof(self), "%d", (int)getpid());
	setenv("LISTEN_PID", self, 1);
	setenv("LISTEN_FDS", "1", 1);
	if (fd != FIRST)
		dup2(fd, FIRST);
	execvp(argv[0], argv);
	_exit(127);
}

static void end(pid_t child)
{
	kill(child, SIGTERM);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
}

int main(int argc, char **argv)
{
	sigset_t set, before;
	int got = 0;

	if (argc < 3)
		return 2;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	int fd = listen_at(argv[1]);
	for (pid_t child = start(fd, argv + 2, &before); sigwait(&set, &got) == 0;
	     child = start(fd, argv + 2, &before)) {
		end(child);
		if (got == SIGTERM)
			return 0;
		puts("restarted");
		fflush(stdout);
	}
	return 1;
}
