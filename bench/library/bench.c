/* The CPU time of calls of libparlance, in nanoseconds: the fastest of some rounds. make lib-bench runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parlance.h"

#define HEADER "Content-Type: application/json\r\nDate: Mon, 21 Sep 2026 10:00:00 GMT\r\nX-Request-Id: abc\r\n"
/* The error of 250 bytes of the other benchmarks, as vms sends it. */
#define BODY                                                                                                                                         \
	"{\"message\":\"Submitted data was invalid\",\"errors\":{\"url\":[\"The URL value is in invalid format\","                                   \
	"\"The URL can be no longer than 10 characters\"],\"date\":[\"The date field doesn't match the format: Y-m-d H:i:s.\"],"                     \
	"\"name\":[\"The name field is required.\"]}}"

static char out[8192];

static int version(int32_t handle, parlance_exchange *x)
{
	(void)handle;
	x->length = strlen(parlance_version());
	return PARLANCE_WRITTEN;
}

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void measure(const char *name, int (*call)(int32_t, parlance_exchange *), int32_t handle, int status, parlance_text body)
{
	enum { ROUNDS = 60, CALLS = 2000 };
	long long best = -1;

	for (int round = 0; round < ROUNDS; round++) {
		long long start = now();
		for (int i = 0; i < CALLS; i++) {
			parlance_exchange x;
			memset(&x, 0, sizeof x);
			x.size = sizeof x;
			x.method = PARLANCE_TEXT("POST");
			x.path = PARLANCE_TEXT("/v1/cameras");
			x.request_header = PARLANCE_TEXT("Accept: application/json\r\nUser-Agent: bench\r\n");
			x.header = PARLANCE_TEXT(HEADER);
			x.status = status;
			x.body = body;
			x.out = out;
			x.capacity = sizeof out;
			if (call(handle, &x) < 0) {
				fprintf(stderr, "%s: %.*s\n", name, (int)x.length, out);
				exit(1);
			}
		}
		long long took = now() - start;
		if (best < 0 || took < best)
			best = took;
	}
	printf("C, %-28s %6.0f ns\n", name, (double)best / CALLS);
}

int main(void)
{
	parlance_exchange x;
	memset(&x, 0, sizeof x);
	x.size = sizeof x;
	x.out = out;
	x.capacity = sizeof out;
	parlance_dialect vms = parlance_open("vms", 3, &x), problem = parlance_open("problem", 7, &x);
	parlance_translator t = parlance_translation(vms, problem);

	measure("version (a call alone)", version, 0, 0, (parlance_text){NULL, 0});
	measure("needs_body", parlance_needs_body, vms, 422, (parlance_text){NULL, 0});
	measure("classify", parlance_classify, vms, 422, PARLANCE_TEXT(BODY));
	measure("decide", parlance_decide, vms, 422, PARLANCE_TEXT(BODY));
	measure("decode", parlance_decode, vms, 422, PARLANCE_TEXT(BODY));
	measure("translate a success", parlance_translate, t, 200, PARLANCE_TEXT("{\"id\":7}"));
	measure("translate an error", parlance_translate, t, 422, PARLANCE_TEXT(BODY));
	return 0;
}
