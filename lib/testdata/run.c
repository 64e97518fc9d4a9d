/*
 * Calls the library as its standard input says, and writes what it returns. With a number as
 * its argument, so many threads do the whole at once, and must agree.
 *
 * A call is a line with its name, its handles and numbers, and then the texts of the exchange,
 * each as its length, a line end and its bytes. A result is the code, the numbers that were
 * set, and the text in the same form. The last line is the most memory of the process, in
 * kilobytes.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parlance.h"

struct call {
	char name[32];
	int32_t handle, other;
	parlance_exchange x;
	int code;
	struct call *next;
};

static parlance_text read_text(void)
{
	parlance_text t = {NULL, 0};
	if (scanf("%zu", &t.length) != 1 || getchar() != '\n')
		exit(3);
	char *p = malloc(t.length ? t.length : 1); /* of its exact length, so that a byte too many is seen */
	if (fread(p, 1, t.length, stdin) != t.length)
		exit(4);
	t.text = p;
	return t;
}

static struct call *read_call(void)
{
	struct call *c = calloc(1, sizeof *c);
	long long now;
	c->x.size = sizeof c->x;
	if (scanf("%31s %d %d %d %u %d %lld", c->name, &c->handle, &c->other, &c->x.status, &c->x.flags, &c->x.attempts, &now) != 7) {
		free(c);
		return NULL;
	}
	c->x.now = now;
	c->x.method = read_text();
	c->x.path = read_text();
	c->x.key = read_text();
	c->x.request_header = read_text();
	c->x.header = read_text();
	c->x.body = read_text();
	return c;
}

static int once(struct call *c)
{
	if (!strcmp(c->name, "open"))
		return parlance_open(c->x.body.text, c->x.body.length, &c->x);
	if (!strcmp(c->name, "translation"))
		return parlance_translation(c->handle, c->other);
	if (!strcmp(c->name, "close"))
		return parlance_close(c->handle);
	if (!strcmp(c->name, "needs_body"))
		return parlance_needs_body(c->handle, &c->x);
	if (!strcmp(c->name, "classify"))
		return parlance_classify(c->handle, &c->x);
	if (!strcmp(c->name, "decode"))
		return parlance_decode(c->handle, &c->x);
	if (!strcmp(c->name, "decide"))
		return parlance_decide(c->handle, &c->x);
	if (!strcmp(c->name, "encode"))
		return parlance_encode(c->handle, &c->x);
	if (!strcmp(c->name, "translate"))
		return parlance_translate(c->handle, &c->x);
	exit(5);
}

/* Asks for the size first, then gives a byte too few, and then just enough. */
static void run(struct call *c)
{
	c->code = once(c);
	if (c->code != PARLANCE_SMALL)
		return;
	size_t needs = c->x.length;
	c->x.out = malloc(needs);
	c->x.capacity = needs - 1;
	if (once(c) != PARLANCE_SMALL || c->x.length != needs) {
		fprintf(stderr, "%s: %zu bytes for %zu are not too few\n", c->name, needs - 1, needs);
		exit(6);
	}
	c->x.capacity = needs;
	c->code = once(c);
}

static void print_memory(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long most;
	while (status && fgets(line, sizeof line, status))
		if (sscanf(line, "VmHWM: %ld", &most) == 1)
			printf("%ld\n", most);
}

static struct call *first;

static void *everything(void *unused)
{
	(void)unused;
	for (struct call *c = first; c; c = c->next) {
		if (!strcmp(c->name, "open") || !strcmp(c->name, "translation") || !strcmp(c->name, "close"))
			continue;
		struct call mine = *c;
		mine.x.out = NULL;
		mine.x.capacity = 0;
		run(&mine);
		if (mine.code != c->code || mine.x.length != c->x.length || (c->x.out && memcmp(mine.x.out, c->x.out, c->x.length))) {
			fprintf(stderr, "%s: a thread got another result\n", c->name);
			exit(7);
		}
		free(mine.x.out);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct call **last = &first;
	for (struct call *c; (c = read_call()) != NULL; last = &c->next) {
		*last = c;
		run(c);
		printf("%d %d %d %zu %s %s %d %zu\n", c->code, c->x.out_status, c->x.out_kept, c->x.out_header,
		       *parlance_kind(c->x.kind) ? parlance_kind(c->x.kind) : "-", *parlance_act(c->x.act) ? parlance_act(c->x.act) : "-",
		       c->x.retry_safe, c->x.out ? c->x.length : 0);
		if (c->x.out)
			fwrite(c->x.out, 1, c->x.length, stdout);
		putchar('\n');
	}
	int threads = argc > 1 ? atoi(argv[1]) : 0;
	pthread_t all[64];
	for (int i = 0; i < threads; i++)
		pthread_create(&all[i], NULL, everything, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(all[i], NULL);
	print_memory();
	return 0;
}
