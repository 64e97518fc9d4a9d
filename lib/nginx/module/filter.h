#ifndef NGX_HTTP_PARLANCE_FILTER_H
#define NGX_HTTP_PARLANCE_FILTER_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "library.h"

/* Memory for the texts of one call. A worker makes one call at a time. */
typedef struct {
	u_char *start;
	size_t length, room;
} parlance_scratch;

typedef struct {
	ngx_str_t library;
	ngx_array_t pairs; /* of parlance_pair * */
	parlance_scratch texts, out;
} parlance_main_conf;

typedef struct {
	parlance_pair *pair; /* NULL for none */
	size_t max_body;
	ngx_http_complex_value_t *request_id; /* NULL for that of the caller */
} parlance_loc_conf;

extern ngx_module_t ngx_http_parlance_module;

void parlance_start_filter(void);

#endif
