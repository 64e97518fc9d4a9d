/* libparlance as the module has it: loaded in a worker, after the fork of nginx. */
#ifndef NGX_HTTP_PARLANCE_LIBRARY_H
#define NGX_HTTP_PARLANCE_LIBRARY_H

#include <ngx_config.h>
#include <ngx_core.h>

#include "parlance.h"

/* One end of a translation. */
typedef struct {
	ngx_str_t word; /* as it stands in the configuration: a name, or the path of a file */
	ngx_str_t text; /* what parlance_open gets: the name, or the text of that file */
} parlance_end;

/* A translation of the configuration. All places that name the same one share it. */
typedef struct {
	parlance_end speaks, answers;
	u_char *file; /* where it was first named */
	ngx_uint_t line;
	parlance_translator translator; /* of this process; 0 is not opened, PARLANCE_ERROR not to be opened */
} parlance_pair;

/* The functions of the library. All are NULL until it is loaded. */
typedef struct {
	parlance_dialect (*open)(const char *, size_t, parlance_exchange *);
	parlance_translator (*translation)(parlance_dialect, parlance_dialect);
	int (*close)(int32_t);
	int (*translate)(parlance_translator, parlance_exchange *);
} parlance_library;

extern parlance_library parlance;

/*
 * Whether all pairs can be opened. A child process finds out, since a process that has loaded
 * the library must not be forked. Each fault goes to the log with its file and line.
 */
ngx_int_t parlance_check(ngx_str_t *library, ngx_array_t *pairs, ngx_log_t *log);

/* The translator of a pair, which is opened if it was not. 0 is none; the log has the reason. */
parlance_translator parlance_translator_of(ngx_str_t *library, parlance_pair *pair, ngx_log_t *log);

/*
 * Takes the coding gzip off a body, up to so many bytes. It returns NGX_OK, NGX_DECLINED for
 * the beginning of a longer one or one that was cut, and NGX_ERROR for no gzip.
 */
ngx_int_t parlance_gunzip(ngx_pool_t *pool, ngx_str_t body, size_t most, ngx_str_t *plain);

#endif
