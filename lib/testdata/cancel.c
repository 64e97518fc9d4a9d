/* Cancels threads in the middle of their calls, and then calls the library again. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "parlance.h"

static parlance_dialect vms;
static atomic_int calls, broken;

static int decode(char *out, size_t capacity)
{
	parlance_exchange x;
	memset(&x, 0, sizeof x);
	x.size = sizeof x;
	x.out = out;
	x.capacity = capacity;
	x.path = PARLANCE_TEXT("/a");
	x.header = PARLANCE_TEXT("Content-Type: application/json\r\n");
	x.body = PARLANCE_TEXT("{\"message\":\"no\",\"errors\":{\"name\":[\"a\"]}}");
	x.status = 422;
	return parlance_decode(vms, &x);
}

static void *always(void *unused)
{
	char out[4096];

	(void)unused;
	for (;;) {
		if (decode(out, sizeof out) != PARLANCE_WRITTEN)
			atomic_store(&broken, 1);
		atomic_fetch_add(&calls, 1);
		pthread_testcancel();
	}
	return NULL;
}

int main(void)
{
	char out[4096];
	parlance_exchange x;

	memset(&x, 0, sizeof x);
	x.size = sizeof x;
	x.out = out;
	x.capacity = sizeof out;
	vms = parlance_open("vms", 3, &x);
	for (int round = 0; round < 200; round++) {
		pthread_t all[4];
		int begun = atomic_load(&calls);
		for (int i = 0; i < 4; i++)
			pthread_create(&all[i], NULL, always, NULL);
		while (atomic_load(&calls) - begun < 4) /* they are in their calls */
			;
		for (int i = 0; i < 4; i++)
			pthread_cancel(all[i]);
		for (int i = 0; i < 4; i++)
			pthread_join(all[i], NULL);
	}
	if (atomic_load(&broken) || decode(out, sizeof out) != PARLANCE_WRITTEN)
		return 3;
	puts("all ended, and the library goes on");
	return 0;
}
