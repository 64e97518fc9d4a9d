/* Calls the library in a child, then in its parent, and writes the codes. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parlance.h"

int main(void)
{
	static char out[4096];
	parlance_exchange x;
	memset(&x, 0, sizeof x);
	x.size = sizeof x;
	x.status = 404;
	x.out = out;
	x.capacity = sizeof out;
	parlance_dialect d = parlance_open("vms", 3, &x);
	if (fork() == 0) {
		printf("%d %d %d", parlance_open("vms", 3, &x), parlance_decode(d, &x), parlance_close(d));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	printf(" and %d\n", parlance_decode(d, &x));
	return 0;
}
