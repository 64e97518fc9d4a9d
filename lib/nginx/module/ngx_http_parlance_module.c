/*
 * The directives:
 *
 *     parlance_library /usr/lib/libparlance.so;      in http
 *     parlance speaks vms answers problem;           in http, server or location; or off
 *     parlance_max_body 1m;                          in http, server or location
 *     parlance_request_id $request_id;               in http, server or location
 */
#include "filter.h"

#define MAX_FILE (1 << 20) /* of a dialect file */

static void *create_main(ngx_conf_t *cf)
{
	parlance_main_conf *m = ngx_pcalloc(cf->pool, sizeof *m);

	if (m == NULL || ngx_array_init(&m->pairs, cf->pool, 4, sizeof(parlance_pair *)) != NGX_OK)
		return NULL;
	return m;
}

static char *init_main(ngx_conf_t *cf, void *conf)
{
	parlance_main_conf *m = conf;

	(void)cf;
	if (m->library.data == NULL) {
		ngx_str_set(&m->library, "libparlance.so");
	}
	return NGX_CONF_OK;
}

static void *create_loc(ngx_conf_t *cf)
{
	parlance_loc_conf *l = ngx_pcalloc(cf->pool, sizeof *l);

	if (l == NULL)
		return NULL;
	l->pair = NGX_CONF_UNSET_PTR;
	l->max_body = NGX_CONF_UNSET_SIZE;
	l->request_id = NGX_CONF_UNSET_PTR;
	return l;
}

static char *merge_loc(ngx_conf_t *cf, void *parent, void *child)
{
	parlance_loc_conf *from = parent, *l = child;

	(void)cf;
	ngx_conf_merge_ptr_value(l->pair, from->pair, NULL);
	ngx_conf_merge_size_value(l->max_body, from->max_body, 1 << 20);
	ngx_conf_merge_ptr_value(l->request_id, from->request_id, NULL);
	return NGX_CONF_OK;
}

/* Reads the file of a dialect if its word is a path. */
static char *read_end(ngx_conf_t *cf, parlance_end *end)
{
	ngx_file_t file;
	ngx_file_info_t info;
	ssize_t n = -1;

	end->text = end->word;
	if (ngx_strlchr(end->word.data, end->word.data + end->word.len, '/') == NULL)
		return NGX_CONF_OK;
	ngx_memzero(&file, sizeof file);
	file.name = end->word;
	file.log = cf->log;
	if (ngx_conf_full_name(cf->cycle, &file.name, 1) != NGX_OK)
		return NGX_CONF_ERROR;
	file.fd = ngx_open_file(file.name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
	if (file.fd == NGX_INVALID_FILE || ngx_fd_info(file.fd, &info) == NGX_FILE_ERROR) {
		ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "the dialect file \"%V\" cannot be read", &file.name);
		return NGX_CONF_ERROR;
	}
	end->text.len = ngx_min(ngx_file_size(&info), MAX_FILE + 1);
	end->text.data = ngx_pnalloc(cf->pool, end->text.len + 1);
	if (end->text.data != NULL)
		n = ngx_read_file(&file, end->text.data, end->text.len, 0);
	ngx_close_file(file.fd);
	if (n != (ssize_t)end->text.len || n > MAX_FILE) {
		ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the dialect file \"%V\" cannot be read, or is longer than 1 MiB", &file.name);
		return NGX_CONF_ERROR;
	}
	end->text.data[end->text.len++] = '\n'; /* by which a text is told from a name */
	return NGX_CONF_OK;
}

static ngx_uint_t is_word(ngx_str_t *a, const char *b) { return a->len == ngx_strlen(b) && ngx_strncmp(a->data, b, a->len) == 0; }
static ngx_uint_t is_same(ngx_str_t *a, ngx_str_t *b) { return a->len == b->len && ngx_strncmp(a->data, b->data, a->len) == 0; }

/* Closes the translator of a configuration that a single process has left. A worker ends instead. */
static void close_pair(void *data)
{
	parlance_pair *pair = data;

	if (pair->translator > 0)
		parlance.close(pair->translator);
	pair->translator = 0;
}

static char *set_parlance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	parlance_main_conf *m = ngx_http_conf_get_module_main_conf(cf, ngx_http_parlance_module);
	parlance_loc_conf *l = conf;
	ngx_str_t *word = cf->args->elts;
	parlance_pair **all = m->pairs.elts, **slot, *pair;
	ngx_pool_cleanup_t *cleanup;
	ngx_uint_t i;

	(void)cmd;
	if (l->pair != NGX_CONF_UNSET_PTR)
		return "is duplicate";
	if (cf->args->nelts == 2 && is_word(&word[1], "off")) {
		l->pair = NULL;
		return NGX_CONF_OK;
	}
	if (cf->args->nelts != 5 || !is_word(&word[1], "speaks") || !is_word(&word[3], "answers")) {
		ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "parlance is \"speaks DIALECT answers DIALECT\" or \"off\"");
		return NGX_CONF_ERROR;
	}
	for (i = 0; i < m->pairs.nelts; i++)
		if (is_same(&all[i]->speaks.word, &word[2]) && is_same(&all[i]->answers.word, &word[4])) {
			l->pair = all[i];
			return NGX_CONF_OK;
		}
	l->pair = pair = ngx_pcalloc(cf->pool, sizeof *pair);
	slot = ngx_array_push(&m->pairs);
	cleanup = ngx_pool_cleanup_add(cf->cycle->pool, 0);
	if (pair == NULL || slot == NULL || cleanup == NULL)
		return NGX_CONF_ERROR;
	*slot = pair;
	cleanup->handler = close_pair;
	cleanup->data = pair;
	pair->speaks.word = word[2];
	pair->answers.word = word[4];
	pair->file = cf->conf_file->file.name.data;
	pair->line = cf->conf_file->line;
	if (read_end(cf, &pair->speaks) != NGX_CONF_OK || read_end(cf, &pair->answers) != NGX_CONF_OK)
		return NGX_CONF_ERROR;
	return NGX_CONF_OK;
}

static ngx_int_t postconfiguration(ngx_conf_t *cf)
{
	parlance_main_conf *m = ngx_http_conf_get_module_main_conf(cf, ngx_http_parlance_module);

	if (m->pairs.nelts == 0)
		return NGX_OK;
	parlance_start_filter();
	return parlance_check(&m->library, &m->pairs, cf->log);
}

/* Loads the library into a worker, so that no request waits for it. */
static ngx_int_t init_process(ngx_cycle_t *cycle)
{
	parlance_main_conf *m = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_parlance_module);
	parlance_pair **all;
	ngx_uint_t i;

	if (m == NULL || (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE))
		return NGX_OK;
	all = m->pairs.elts;
	for (i = 0; i < m->pairs.nelts; i++)
		parlance_translator_of(&m->library, all[i], cycle->log);
	return NGX_OK;
}

static ngx_command_t commands[] = {
	{ngx_string("parlance_library"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_conf_set_str_slot, NGX_HTTP_MAIN_CONF_OFFSET,
	 offsetof(parlance_main_conf, library), NULL},
	{ngx_string("parlance"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_1MORE, set_parlance, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
	{ngx_string("parlance_max_body"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, ngx_conf_set_size_slot, NGX_HTTP_LOC_CONF_OFFSET,
	 offsetof(parlance_loc_conf, max_body), NULL},
	{ngx_string("parlance_request_id"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1, ngx_http_set_complex_value_slot,
	 NGX_HTTP_LOC_CONF_OFFSET, offsetof(parlance_loc_conf, request_id), NULL},
	ngx_null_command,
};

static ngx_http_module_t context = {NULL, postconfiguration, create_main, init_main, NULL, NULL, create_loc, merge_loc};

ngx_module_t ngx_http_parlance_module = {
	NGX_MODULE_V1, &context, commands, NGX_HTTP_MODULE, NULL, NULL, init_process, NULL, NULL, NULL, NULL, NGX_MODULE_V1_PADDING,
};
