#include <zlib.h>

#include "library.h"

ngx_int_t parlance_gunzip(ngx_pool_t *pool, ngx_str_t body, size_t most, ngx_str_t *plain)
{
	size_t room = ngx_min(most, ngx_max(4096, 8 * body.len));
	z_stream z;
	int rc;

	ngx_memzero(&z, sizeof z);
	if (inflateInit2(&z, MAX_WBITS + 16) != Z_OK)
		return NGX_ERROR;
	z.next_in = body.data;
	z.avail_in = body.len;
	plain->len = 0;
	plain->data = ngx_palloc(pool, room);
	for (rc = Z_OK; plain->data != NULL && rc == Z_OK && plain->len < most;) {
		if (plain->len == room) {
			u_char *larger = ngx_palloc(pool, ngx_min(most, 4 * room));
			if (larger == NULL)
				break;
			ngx_memcpy(larger, plain->data, plain->len);
			ngx_pfree(pool, plain->data);
			plain->data = larger;
			room = ngx_min(most, 4 * room);
		}
		z.next_out = plain->data + plain->len;
		z.avail_out = room - plain->len;
		rc = inflate(&z, Z_SYNC_FLUSH);
		plain->len = z.next_out - plain->data;
	}
	inflateEnd(&z);
	switch (rc) {
	case Z_STREAM_END:
		return NGX_OK;
	case Z_OK:
	case Z_BUF_ERROR: /* there is no more of it */
		return plain->data == NULL ? NGX_ERROR : NGX_DECLINED;
	}
	return NGX_ERROR;
}
