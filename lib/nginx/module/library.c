#include <dlfcn.h>
#include <signal.h>
#include <sys/wait.h>

#include "library.h"

#define PARLANCE_FAULT 4096 /* bytes of a fault that are kept */

parlance_library parlance;

/*
 * Loads the library. Its threads take no signals: one that a thread of it took would not wake
 * the worker. It returns NULL, or what is wrong.
 */
static const char *load(ngx_str_t *path)
{
	sigset_t all, before;
	void *library;
	size_t i;

	if (parlance.translate != NULL)
		return NULL;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	library = dlopen((char *)path->data, RTLD_NOW | RTLD_LOCAL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (library == NULL)
		return dlerror();
	struct {
		const char *name;
		void *at;
	} functions[] = {
		{"parlance_open", &parlance.open},
		{"parlance_translation", &parlance.translation},
		{"parlance_close", &parlance.close},
		{"parlance_translate", &parlance.translate},
	};
	for (i = 0; i < sizeof functions / sizeof *functions; i++) {
		void *function = dlsym(library, functions[i].name);
		if (function == NULL)
			return dlerror();
		memcpy(functions[i].at, &function, sizeof function);
	}
	return NULL;
}

/* The text of the member "error" with which the JSON of an error begins, in its place, on one line. */
static u_char *error_text(u_char *json, size_t length)
{
	u_char *p = json + sizeof "{\"error\":\"" - 1, *end = json + length, *out = json;

	for (; p < end && *p != '"'; p++) {
		if (*p == '\\' && ++p < end && *p == 'n') {
			*out++ = ';';
			*out++ = ' ';
		} else if (p < end)
			*out++ = *p;
	}
	*out = '\0';
	return json;
}

/* Opens one end. It returns 0 and writes a fault if that fails. */
static parlance_dialect open_end(parlance_end *end, char *fault)
{
	u_char out[PARLANCE_FAULT / 2];
	parlance_exchange x;
	parlance_dialect d;

	memset(&x, 0, sizeof x);
	x.size = sizeof x;
	x.out = (char *)out;
	x.capacity = sizeof out - 1;
	d = parlance.open((char *)end->text.data, end->text.len, &x);
	if (d > 0)
		return d;
	if (d == PARLANCE_ERROR)
		ngx_snprintf((u_char *)fault, PARLANCE_FAULT, "dialect \"%V\": %s%Z", &end->word, error_text(out, x.length));
	else
		ngx_snprintf((u_char *)fault, PARLANCE_FAULT, "dialect \"%V\": %s%Z", &end->word,
			     d == PARLANCE_SMALL ? "it has many faults; parlance lint tells them" : "the library is of another version");
	return 0;
}

/* Opens a pair. It returns 0 and writes a fault if that fails. */
static parlance_translator open_pair(ngx_str_t *library, parlance_pair *pair, char *fault)
{
	const char *wrong = load(library);
	parlance_dialect speaks, answers;
	parlance_translator t;

	if (wrong != NULL) {
		ngx_snprintf((u_char *)fault, PARLANCE_FAULT, "%s%Z", wrong);
		return 0;
	}
	speaks = open_end(&pair->speaks, fault);
	if (speaks == 0)
		return 0;
	answers = open_end(&pair->answers, fault);
	t = answers == 0 ? 0 : parlance.translation(speaks, answers);
	parlance.close(speaks); /* the translator keeps both */
	if (answers != 0)
		parlance.close(answers);
	return t > 0 ? t : 0;
}

parlance_translator parlance_translator_of(ngx_str_t *library, parlance_pair *pair, ngx_log_t *log)
{
	char fault[PARLANCE_FAULT];

	if (pair->translator == 0) {
		pair->translator = open_pair(library, pair, fault);
		if (pair->translator == 0) {
			ngx_log_error(NGX_LOG_EMERG, log, 0, "parlance: %s; responses pass untranslated, of %s:%ui", fault, pair->file, pair->line);
			pair->translator = PARLANCE_ERROR;
		}
	}
	return pair->translator > 0 ? pair->translator : 0;
}

/* Opens and closes each pair, and writes a line for each that cannot be opened: its number, and why. */
static void check(int out, ngx_str_t *library, ngx_array_t *pairs)
{
	parlance_pair **all = pairs->elts;
	char fault[PARLANCE_FAULT];
	ngx_uint_t i;

	for (i = 0; i < pairs->nelts; i++) {
		parlance_translator t = open_pair(library, all[i], fault);
		if (t != 0)
			parlance.close(t);
		else
			dprintf(out, "%d %s\n", (int)i, fault);
	}
	dprintf(out, "end\n");
}

/* Tells the faults that a child wrote. */
static ngx_int_t tell(u_char *said, ngx_array_t *pairs, ngx_log_t *log)
{
	parlance_pair **all = pairs->elts;
	ngx_int_t rc = NGX_OK;
	char *line, *rest = (char *)said;

	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		char *why;
		ngx_uint_t i;
		if (ngx_strcmp(line, "end") == 0)
			return rc;
		i = strtoul(line, &why, 10);
		if (i < pairs->nelts)
			ngx_log_error(NGX_LOG_EMERG, log, 0, "parlance: %s in %s:%ui", why + 1, all[i]->file, all[i]->line);
		rc = NGX_ERROR;
	}
	ngx_log_error(NGX_LOG_EMERG, log, 0, "parlance: the library ended while it read the dialects");
	return NGX_ERROR;
}

ngx_int_t parlance_check(ngx_str_t *library, ngx_array_t *pairs, ngx_log_t *log)
{
	u_char said[4 * PARLANCE_FAULT];
	size_t length = 0;
	ssize_t n;
	pid_t child = 0;
	int ends[2], loaded = parlance.translate != NULL; /* by a single process that reloads */

	if (pipe(ends) == -1 || (!loaded && (child = fork()) == -1)) {
		ngx_log_error(NGX_LOG_EMERG, log, ngx_errno, "parlance: the dialects cannot be checked");
		return NGX_ERROR;
	}
	if (child == 0) {
		check(ends[1], library, pairs);
		if (!loaded)
			_exit(0);
	}
	close(ends[1]);
	while (length < sizeof said - 1 && ((n = read(ends[0], said + length, sizeof said - 1 - length)) > 0 || (n == -1 && ngx_errno == EINTR)))
		length += n > 0 ? n : 0;
	said[length] = '\0';
	close(ends[0]);
	if (child > 0)
		while (waitpid(child, NULL, 0) == -1 && ngx_errno == EINTR)
			;
	return tell(said, pairs, log);
}
