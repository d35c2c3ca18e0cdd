/*
 * systemd's side of sd_notify(3): takes datagrams on a socket and prints each as a line, its own
 * lines with blanks between.
 *   notify_listen PATH|@NAME
 * The first line that it prints is "listening".
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = argc == 2 ? strlen(argv[1]) : sizeof(address.sun_path);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[4096];
	ssize_t got;

	if (len >= sizeof(address.sun_path))
		return 2;
	memcpy(address.sun_path, argv[1], len);
	if (argv[1][0] == '@')
		address.sun_path[0] = '\0';
	len += offsetof(struct sockaddr_un, sun_path);
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)len) != 0) {
		perror(argv[1]);
		return 1;
	}
	setlinebuf(stdout);
	puts("listening");
	while ((got = recv(fd, text, sizeof(text) - 1, 0)) >= 0) {
		text[got] = '\0';
		for (char *c = text; *c; c++)
			*c = *c == '\n' ? ' ' : *c;
		puts(text);
	}
	return 1;
}
