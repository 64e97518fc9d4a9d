/*
 * The filter of responses. Most are sent on as they come. If the dialects need to read a body,
 * its header is held back until the body is there. If status and header decide, another body
 * can take its place at once.
 */
#include "filter.h"

/* A response whose body is read or replaced. */
typedef struct {
	enum { HELD, REPLACED, SENT } state;
	ngx_str_t body; /* what has come of a body that is held, or the one that replaces it */
	size_t room;
} ctx_t;

static ngx_http_output_header_filter_pt next_header_filter;
static ngx_http_output_body_filter_pt next_body_filter;

/* Makes room for so many bytes more. */
static ngx_int_t reserve(parlance_scratch *s, size_t more)
{
	u_char *larger;

	if (s->room - s->length >= more)
		return NGX_OK;
	s->room = ngx_max(2 * s->room, s->length + more + 8192);
	larger = realloc(s->start, s->room);
	if (larger == NULL)
		return NGX_ERROR;
	s->start = larger;
	return NGX_OK;
}

/* Appends a field. One with control characters is none (RFC 9110, 5.5), and is left out. */
static ngx_int_t add_field(parlance_scratch *s, ngx_str_t *name, ngx_str_t *value)
{
	size_t i;
	u_char *p;

	for (i = 0; i < value->len; i++)
		if ((value->data[i] < 0x20 && value->data[i] != '\t') || value->data[i] == 0x7f)
			return NGX_OK;
	if (reserve(s, name->len + value->len + 4) != NGX_OK)
		return NGX_ERROR;
	p = ngx_cpymem(s->start + s->length, name->data, name->len);
	*p++ = ':';
	*p++ = ' ';
	p = ngx_cpymem(p, value->data, value->len);
	*p++ = '\r';
	*p++ = '\n';
	s->length = p - s->start;
	return NGX_OK;
}

static ngx_int_t add_fields(parlance_scratch *s, ngx_list_t *list)
{
	ngx_list_part_t *part;
	ngx_uint_t i;

	for (part = &list->part; part != NULL; part = part->next) {
		ngx_table_elt_t *h = part->elts;
		for (i = 0; i < part->nelts; i++)
			if (h[i].hash != 0 && add_field(s, &h[i].key, &h[i].value) != NGX_OK)
				return NGX_ERROR;
	}
	return NGX_OK;
}

static ngx_str_t type_name = ngx_string("Content-Type"), length_name = ngx_string("Content-Length"), id_name = ngx_string("X-Request-Id");

/* Appends the header of the response. nginx keeps its type and length apart from the others. */
static ngx_int_t add_response(parlance_scratch *s, ngx_http_request_t *r)
{
	u_char digits[NGX_OFF_T_LEN];
	ngx_str_t length = {0, digits};

	if (add_fields(s, &r->headers_out.headers) != NGX_OK)
		return NGX_ERROR;
	if (r->headers_out.content_type.len > 0 && add_field(s, &type_name, &r->headers_out.content_type) != NGX_OK)
		return NGX_ERROR;
	if (r->headers_out.content_length_n < 0 || r->headers_out.content_length != NULL)
		return NGX_OK; /* unknown, or among the others */
	length.len = ngx_sprintf(digits, "%O", r->headers_out.content_length_n) - digits;
	return add_field(s, &length_name, &length);
}

/* The path at the upstream, without the query. */
static parlance_text path_of(ngx_http_request_t *r)
{
	ngx_str_t *uri = r->upstream != NULL && r->upstream->uri.len > 0 ? &r->upstream->uri : &r->unparsed_uri;
	u_char *end = ngx_strlchr(uri->data, uri->data + uri->len, '?');

	return (parlance_text){(char *)uri->data, end == NULL ? uri->len : (size_t)(end - uri->data)};
}

/* Calls the library, in a larger buffer if it needs one. */
static int call(parlance_main_conf *m, parlance_translator t, parlance_exchange *x)
{
	for (;;) {
		int code;
		x->out = (char *)m->out.start;
		x->capacity = m->out.room;
		code = parlance.translate(t, x);
		if (code != PARLANCE_SMALL)
			return code;
		if (reserve(&m->out, x->length) != NGX_OK)
			return PARLANCE_ERROR;
	}
}

/*
 * Translates the response by what is known of it. The result is in x until the next call. If
 * no dialect can read its header, it is that of a bad gateway.
 */
static int translate(ngx_http_request_t *r, parlance_exchange *x, ngx_str_t body, uint32_t flags)
{
	parlance_main_conf *m = ngx_http_get_module_main_conf(r, ngx_http_parlance_module);
	parlance_loc_conf *l = ngx_http_get_module_loc_conf(r, ngx_http_parlance_module);
	parlance_translator t = parlance_translator_of(&m->library, l->pair, r->connection->log);
	ngx_time_t *now = ngx_timeofday();
	ngx_str_t id;
	size_t asked;
	int code;

	if (t == 0)
		return PARLANCE_PASS;
	m->texts.length = 0;
	if (l->request_id != NULL && (ngx_http_complex_value(r, l->request_id, &id) != NGX_OK || add_field(&m->texts, &id_name, &id) != NGX_OK))
		return PARLANCE_PASS;
	if (add_fields(&m->texts, &r->headers_in.headers) != NGX_OK)
		return PARLANCE_PASS;
	asked = m->texts.length;
	if (add_response(&m->texts, r) != NGX_OK)
		return PARLANCE_PASS;
	ngx_memzero(x, sizeof *x);
	x->size = sizeof *x;
	x->method = (parlance_text){(char *)r->method_name.data, r->method_name.len};
	x->path = path_of(r);
	x->request_header = (parlance_text){(char *)m->texts.start, asked};
	x->status = r->headers_out.status;
	x->header = (parlance_text){(char *)m->texts.start + asked, m->texts.length - asked};
	x->body = (parlance_text){(char *)body.data, body.len};
	x->flags = flags;
	x->now = (int64_t)now->sec * 1000 + now->msec;
	code = call(m, t, x);
	if (code != PARLANCE_ERROR)
		return code;
	ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "parlance: a response is a bad gateway: %*s", x->length, x->out);
	x->request_header.length = x->header.length = x->body.length = 0;
	x->status = NGX_HTTP_BAD_GATEWAY;
	x->flags = 0;
	return call(m, t, x);
}

/* The fields of which nginx keeps a pointer. */
static struct {
	ngx_str_t name;
	size_t at;
} pointers[] = {
	{ngx_string("Server"), offsetof(ngx_http_headers_out_t, server)},
	{ngx_string("Date"), offsetof(ngx_http_headers_out_t, date)},
	{ngx_string("Content-Encoding"), offsetof(ngx_http_headers_out_t, content_encoding)},
	{ngx_string("Location"), offsetof(ngx_http_headers_out_t, location)},
	{ngx_string("Refresh"), offsetof(ngx_http_headers_out_t, refresh)},
	{ngx_string("Last-Modified"), offsetof(ngx_http_headers_out_t, last_modified)},
	{ngx_string("Content-Range"), offsetof(ngx_http_headers_out_t, content_range)},
	{ngx_string("Accept-Ranges"), offsetof(ngx_http_headers_out_t, accept_ranges)},
	{ngx_string("WWW-Authenticate"), offsetof(ngx_http_headers_out_t, www_authenticate)},
	{ngx_string("Expires"), offsetof(ngx_http_headers_out_t, expires)},
	{ngx_string("ETag"), offsetof(ngx_http_headers_out_t, etag)},
};

#define POINTERS (sizeof pointers / sizeof *pointers)
#define POINTER(r, i) ((ngx_table_elt_t **)((char *)&(r)->headers_out + pointers[i].at))

static ngx_uint_t is_name(ngx_str_t *a, ngx_str_t *b) { return a->len == b->len && ngx_strncasecmp(a->data, b->data, a->len) == 0; }

static void remove_field(ngx_http_request_t *r, ngx_table_elt_t *h)
{
	size_t i;

	h->hash = 0;
	for (i = 0; i < POINTERS; i++)
		if (*POINTER(r, i) == h)
			*POINTER(r, i) = NULL;
	if (r->headers_out.content_length == h)
		r->headers_out.content_length = NULL;
}

/* Takes the next "Name: value" of a header, with its end. */
static ngx_uint_t next_field(ngx_str_t *header, ngx_str_t *name, ngx_str_t *value)
{
	u_char *end = header->data + header->len, *colon = ngx_strlchr(header->data, end, ':');
	u_char *line = colon == NULL ? NULL : ngx_strlchr(colon, end, '\r');

	if (line == NULL || end - line < 2)
		return 0;
	*name = (ngx_str_t){colon - header->data, header->data};
	*value = (ngx_str_t){line - colon - 2, colon + 2};
	*header = (ngx_str_t){end - line - 2, line + 2};
	return 1;
}

/* Drops the fields that are not in the new header as they are. Those that are, are taken from it. */
static void drop_fields(ngx_http_request_t *r, ngx_str_t *fields, ngx_uint_t n)
{
	ngx_list_part_t *part;
	ngx_uint_t i, k;

	for (part = &r->headers_out.headers.part; part != NULL; part = part->next) {
		ngx_table_elt_t *h = part->elts;
		for (i = 0; i < part->nelts; i++) {
			if (h[i].hash == 0)
				continue;
			for (k = 0; k < n; k++)
				if (is_name(&fields[2 * k], &h[i].key) && fields[2 * k + 1].len == h[i].value.len &&
				    ngx_strncmp(fields[2 * k + 1].data, h[i].value.data, h[i].value.len) == 0)
					break;
			if (k == n)
				remove_field(r, &h[i]);
			else
				fields[2 * k].len = 0;
		}
	}
}

static ngx_int_t add_to_response(ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value)
{
	ngx_table_elt_t *h;
	size_t i;

	if (is_name(name, &type_name)) {
		u_char *parameter = ngx_strlchr(value->data, value->data + value->len, ';');
		r->headers_out.content_type = *value;
		r->headers_out.content_type_len = parameter == NULL ? value->len : (size_t)(parameter - value->data);
		r->headers_out.content_type_lowcase = NULL;
		r->headers_out.content_type_hash = 0;
		return NGX_OK;
	}
	if (is_name(name, &length_name)) {
		r->headers_out.content_length_n = ngx_atoof(value->data, value->len);
		return NGX_OK;
	}
	h = ngx_list_push(&r->headers_out.headers);
	if (h == NULL || (h->lowcase_key = ngx_pnalloc(r->pool, name->len)) == NULL)
		return NGX_ERROR;
	h->key = *name;
	h->value = *value;
	h->hash = ngx_hash_strlow(h->lowcase_key, name->data, name->len);
	if (h->hash == 0)
		h->hash = 1;
#if nginx_version >= 1023000
	h->next = NULL;
#endif
	for (i = 0; i < POINTERS; i++)
		if (is_name(name, &pointers[i].name))
			*POINTER(r, i) = h;
	return NGX_OK;
}

/* Gives the response the status and the header of a translation. */
static ngx_int_t apply(ngx_http_request_t *r, parlance_exchange *x)
{
	ngx_str_t header, rest, name, value, *fields;
	ngx_uint_t n = 0, i;

	header.len = x->out_header;
	header.data = ngx_pnalloc(r->pool, header.len + 1);
	if (header.data == NULL)
		return NGX_ERROR;
	ngx_memcpy(header.data, x->out, header.len);
	for (rest = header; next_field(&rest, &name, &value); n++)
		;
	fields = ngx_palloc(r->pool, (2 * n + 1) * sizeof *fields);
	if (fields == NULL)
		return NGX_ERROR;
	for (i = 0, rest = header; i < n; i++)
		next_field(&rest, &fields[2 * i], &fields[2 * i + 1]);
	if (r->headers_out.status != (ngx_uint_t)x->out_status) {
		r->headers_out.status = x->out_status;
		r->headers_out.status_line.len = 0;
		if (r->err_status)
			r->err_status = x->out_status;
	}
	drop_fields(r, fields, n);
	ngx_str_null(&r->headers_out.content_type);
	ngx_str_null(&r->headers_out.charset);
	r->headers_out.content_type_len = 0;
	if (r->headers_out.content_length == NULL)
		r->headers_out.content_length_n = -1;
	for (i = 0; i < n; i++)
		if (fields[2 * i].len > 0 && add_to_response(r, &fields[2 * i], &fields[2 * i + 1]) != NGX_OK)
			return NGX_ERROR;
	if (r->headers_out.last_modified == NULL)
		r->headers_out.last_modified_time = -1;
	return NGX_OK;
}

/* Copies the body that a translation has. */
static ngx_int_t copy_body(ngx_http_request_t *r, parlance_exchange *x, ngx_str_t *body)
{
	body->len = x->length - x->out_header;
	body->data = ngx_pnalloc(r->pool, body->len + 1);
	if (body->data == NULL)
		return NGX_ERROR;
	ngx_memcpy(body->data, x->out + x->out_header, body->len);
	r->allow_ranges = 0; /* the parts of the other body would be sent */
	return NGX_OK;
}

/* Whether no body follows the header. */
static ngx_uint_t is_bodiless(ngx_http_request_t *r)
{
	return r->header_only || r->method == NGX_HTTP_HEAD || r->headers_out.status == NGX_HTTP_NO_CONTENT || r->headers_out.status == NGX_HTTP_NOT_MODIFIED;
}

static ngx_int_t header_filter(ngx_http_request_t *r)
{
	parlance_loc_conf *l = ngx_http_get_module_loc_conf(r, ngx_http_parlance_module);
	ctx_t *ctx = ngx_http_get_module_ctx(r, ngx_http_parlance_module);
	ngx_str_t none = ngx_null_string;
	parlance_exchange x;
	int code;

	if (l->pair == NULL || r != r->main)
		return next_header_filter(r);
	ngx_http_set_ctx(r, NULL, ngx_http_parlance_module); /* of a response that nginx gave up for this one */
	code = translate(r, &x, none, is_bodiless(r) ? 0 : PARLANCE_AHEAD);
	if (code == PARLANCE_WRITTEN && apply(r, &x) != NGX_OK)
		return NGX_ERROR;
	if (code != PARLANCE_BODY && (code != PARLANCE_WRITTEN || x.out_kept))
		return next_header_filter(r);
	if (ctx == NULL && (ctx = ngx_palloc(r->pool, sizeof *ctx)) == NULL)
		return NGX_ERROR;
	ngx_memzero(ctx, sizeof *ctx);
	ngx_http_set_ctx(r, ctx, ngx_http_parlance_module);
	if (code == PARLANCE_WRITTEN) {
		ctx->state = REPLACED;
		return copy_body(r, &x, &ctx->body) == NGX_OK ? next_header_filter(r) : NGX_ERROR;
	}
	r->main_filter_need_in_memory = 1;
	r->allow_ranges = 0; /* that filter has the body before this one does */
	return NGX_OK;
}

/* Holds a part of a body. */
static ngx_int_t hold(ngx_http_request_t *r, ctx_t *ctx, u_char *data, size_t length)
{
	if (ctx->body.len + length > ctx->room) {
		size_t room = ngx_max(2 * ctx->room, ctx->body.len + length);
		u_char *larger;
		if (ctx->room == 0 && r->headers_out.content_length_n > (off_t)room) {
			parlance_loc_conf *l = ngx_http_get_module_loc_conf(r, ngx_http_parlance_module);
			room = ngx_max(room, (size_t)ngx_min(r->headers_out.content_length_n, (off_t)l->max_body));
		}
		larger = ngx_pnalloc(r->pool, room);
		if (larger == NULL)
			return NGX_ERROR;
		if (ctx->body.len > 0)
			ngx_memcpy(larger, ctx->body.data, ctx->body.len);
		if (ctx->room > 0)
			ngx_pfree(r->pool, ctx->body.data);
		ctx->body.data = larger;
		ctx->room = room;
	}
	ngx_memcpy(ctx->body.data + ctx->body.len, data, length);
	ctx->body.len += length;
	return NGX_OK;
}

static void consume(ngx_buf_t *b)
{
	b->pos = b->last;
	if (b->in_file)
		b->file_pos = b->file_last;
}

/*
 * Whether the upstream ended before its response did. nginx has closed the connection to it,
 * and flushes what it has.
 */
static ngx_uint_t is_broken(ngx_http_request_t *r, ngx_buf_t *b)
{
	return b->flush && !b->last_buf && r->upstream != NULL && r->upstream->header_sent && r->upstream->cleanup == NULL && !r->keepalive;
}

/* Sends bytes, and then the rest of a body that was not read. */
static ngx_int_t send_body(ngx_http_request_t *r, ngx_str_t body, ngx_chain_t *rest)
{
	ngx_chain_t *out = ngx_alloc_chain_link(r->pool);
	ngx_buf_t *b = ngx_calloc_buf(r->pool);

	if (b == NULL || out == NULL)
		return NGX_ERROR;
	if (body.len > 0) {
		b->pos = body.data;
		b->last = body.data + body.len;
		b->memory = 1;
	}
	b->sync = body.len == 0 && rest != NULL;
	b->last_buf = b->last_in_chain = rest == NULL;
	out->buf = b;
	out->next = rest;
	return next_body_filter(r, out);
}

/* Sends the header that was held back, and then a body. */
static ngx_int_t send_both(ngx_http_request_t *r, ngx_str_t body, ngx_chain_t *rest)
{
	ngx_int_t rc = next_header_filter(r);

	return rc == NGX_ERROR || rc > NGX_OK || r->header_only ? rc : send_body(r, body, rest);
}

/* Takes the coding gzip off the body that is held, as if it had come so. It returns whether all of the body is there. */
static ngx_uint_t decode(ngx_http_request_t *r, ctx_t *ctx, ngx_str_t *body, ngx_uint_t whole)
{
	parlance_loc_conf *l = ngx_http_get_module_loc_conf(r, ngx_http_parlance_module);
	ngx_table_elt_t *coding = r->headers_out.content_encoding;
	ngx_int_t rc;

	*body = ctx->body;
	if (coding == NULL || coding->hash == 0 || coding->value.len == 0)
		return whole;
	ngx_str_null(body);
	if (coding->value.len != 4 || ngx_strncasecmp(coding->value.data, (u_char *)"gzip", 4) != 0)
		return 0;
	rc = parlance_gunzip(r->pool, ctx->body, l->max_body, body);
	if (rc == NGX_ERROR) {
		ngx_str_null(body);
	}
	if (rc != NGX_OK || !whole)
		return 0;
	ctx->body = *body;
	remove_field(r, coding);
	ngx_http_clear_content_length(r);
	r->headers_out.content_length_n = body->len;
	ngx_http_weak_etag(r);
	return 1;
}

/* Sends a response whose body was held, when it is there or is as long as is held. */
static ngx_int_t release(ngx_http_request_t *r, ctx_t *ctx, ngx_chain_t *rest, ngx_uint_t whole, ngx_uint_t broken)
{
	ngx_str_t body, none = ngx_null_string;
	parlance_exchange x;
	int code;

	whole = decode(r, ctx, &body, whole);
	code = translate(r, &x, body, whole ? 0 : PARLANCE_CUT);
	if (broken && (code != PARLANCE_WRITTEN || x.out_kept)) { /* half a success is none */
		r->headers_out.status = NGX_HTTP_BAD_GATEWAY;
		r->headers_out.status_line.len = 0;
		drop_fields(r, NULL, 0);
		ngx_http_clear_content_length(r);
		ngx_str_null(&r->headers_out.content_type);
		ngx_str_null(&ctx->body);
		code = translate(r, &x, none, 0);
	}
	if (code == PARLANCE_WRITTEN && apply(r, &x) != NGX_OK)
		return NGX_ERROR;
	if (code != PARLANCE_WRITTEN || x.out_kept) {
		ngx_http_set_ctx(r, NULL, ngx_http_parlance_module);
		return send_both(r, ctx->body, rest);
	}
	ctx->state = SENT;
	return copy_body(r, &x, &body) == NGX_OK ? send_both(r, body, NULL) : NGX_ERROR;
}

/* Holds what came, and releases the response when that is enough. */
static ngx_int_t hold_chain(ngx_http_request_t *r, ctx_t *ctx, ngx_chain_t *in)
{
	parlance_loc_conf *l = ngx_http_get_module_loc_conf(r, ngx_http_parlance_module);

	for (; in != NULL; in = in->next) {
		ngx_buf_t *b = in->buf;
		if (ngx_buf_in_memory(b)) {
			size_t n = ngx_min((size_t)(b->last - b->pos), l->max_body - ctx->body.len);
			if (hold(r, ctx, b->pos, n) != NGX_OK)
				return NGX_ERROR;
			b->pos += n;
			if (b->pos < b->last) {
				ngx_int_t rc = release(r, ctx, in, 0, 0);
				for (; ctx->state == SENT && in != NULL; in = in->next)
					consume(in->buf); /* or no more of it would be read */
				return rc;
			}
			consume(b);
		}
		if (b->last_buf || is_broken(r, b))
			return release(r, ctx, NULL, b->last_buf, !b->last_buf);
	}
	return NGX_OK;
}

static ngx_int_t body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
	ctx_t *ctx = ngx_http_get_module_ctx(r, ngx_http_parlance_module);

	if (ctx == NULL || in == NULL)
		return next_body_filter(r, in);
	if (ctx->state == HELD)
		return hold_chain(r, ctx, in);
	for (; in != NULL; in = in->next)
		consume(in->buf);
	if (ctx->state == SENT)
		return next_body_filter(r, NULL);
	ctx->state = SENT;
	return send_body(r, ctx->body, NULL);
}

void parlance_start_filter(void)
{
	next_header_filter = ngx_http_top_header_filter;
	ngx_http_top_header_filter = header_filter;
	next_body_filter = ngx_http_top_body_filter;
	ngx_http_top_body_filter = body_filter;
}
