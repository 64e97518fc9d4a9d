/*
 * libparlance: what the responses of an API mean, and what a caller does about them.
 *
 *     parlance_dialect stripe = parlance_open("stripe", 6, &x);
 *     x.method = PARLANCE_TEXT("POST");
 *     x.path = PARLANCE_TEXT("/v1/charges");
 *     x.status = 402;
 *     x.header = PARLANCE_TEXT("Content-Type: application/json\r\n");
 *     x.body = PARLANCE_TEXT("{\"error\":{\"code\":\"card_declined\"}}");
 *     if (parlance_decode(stripe, &x) == PARLANCE_WRITTEN)
 *             fwrite(x.out, 1, x.length, stdout);
 *
 * Memory. The library reads the texts of an exchange during a call and keeps none of them. It
 * writes into the buffer of the caller alone, so there is nothing to free.
 *
 * Threads. Every function may be called from any number of threads at once, with an exchange
 * for each. A thread that is canceled (pthread_cancel) ends after its call, and never within. Its
 * cancelability type has to be deferred, as it is by default: POSIX allows an asynchronous one no
 * call of a library.
 *
 * Processes. The library has threads of its own from the moment when it is loaded, and they do
 * not survive fork(2). Load it after the fork, as a worker does. In a child of a process that
 * had loaded it, every function returns PARLANCE_FORKED.
 */
#ifndef PARLANCE_H
#define PARLANCE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A text of some length. It needs no zero byte at its end. {NULL, 0} is no text. */
typedef struct {
	const char *text;
	size_t length;
} parlance_text;

#define PARLANCE_TEXT(literal) ((parlance_text){(literal), sizeof(literal) - 1})

/* A dialect or a translator: a number above 0. It is never used again after parlance_close. */
typedef int32_t parlance_dialect;
typedef int32_t parlance_translator;

/* What a function returns. */
enum {
	PARLANCE_PASS = 0,     /* no, or nothing is to be changed: nothing was written */
	PARLANCE_WRITTEN = 1,  /* yes, or the result is in out */
	PARLANCE_BODY = 2,     /* the body is needed: nothing was written */
	PARLANCE_SMALL = -1,   /* out is too small: length is the size that it needs */
	PARLANCE_ERROR = -2,   /* out says what is wrong, as JSON */
	PARLANCE_CLOSED = -3,  /* the dialect or the translator is not open */
	PARLANCE_FORKED = -4,  /* the process was forked from one that had loaded the library */
	PARLANCE_STRUCT = -5,  /* size is not that of a parlance_exchange */
};

/* The bits of flags. */
enum {
	PARLANCE_CUT = 1,          /* body is the beginning of a longer one */
	PARLANCE_RETRY_UNSAFE = 2, /* the caller allows a retry that may do the request twice */
	PARLANCE_AHEAD = 4,        /* of parlance_translate: the body has not come yet */
};

/*
 * A request and its response, and a buffer for the result. Set it to zero, then size, and
 * then what is known. A header has a line for each field, "Name: value", that ends with CR LF
 * or LF.
 */
typedef struct {
	size_t size; /* sizeof(parlance_exchange) */

	parlance_text method; /* {NULL, 0} is GET */
	parlance_text path;
	parlance_text key; /* the idempotency key of the request; {NULL, 0} is what request_header has */
	parlance_text request_header;

	int32_t status;
	uint32_t flags;
	parlance_text reason; /* why no response came: "refused", "dns", "tls", "deadline", "reset" and others of docs/client.md; then status is 0 */
	parlance_text header;
	parlance_text body; /* without its transfer coding and content coding */

	parlance_text data;      /* of parlance_encode: the success payload */
	parlance_text data_type; /* its content type */

	int64_t now;       /* when the response came, in milliseconds since 1970; 0 is the time of the call */
	int32_t attempts;  /* how often the request was sent so far; 0 is once */

	int32_t out_status; /* set by parlance_encode and parlance_translate */
	char *out;          /* the buffer of the caller */
	size_t capacity;    /* its size */
	size_t length;      /* set: how much of it was written, or how much it needs */
	size_t out_header;  /* set: how much of that is the header of a response; the body is behind it */
	int32_t out_kept;   /* set by parlance_translate: 1 if the body that came is to be sent */

	int32_t kind;       /* set by parlance_classify: the number of the kind; parlance_kind names it */
	int32_t act;        /* set by parlance_classify: the number of the act; parlance_act names it */
	int32_t retry_safe; /* set by parlance_classify: 1 if a retry cannot do anything twice */
} parlance_exchange;

/* The version of the library, such as "1.4.0". */
const char *parlance_version(void);

/*
 * Opens a dialect by its name in the catalog, or by the text of a dialect file, which has a
 * line end. It returns a dialect above 0. Of a file with faults it returns PARLANCE_ERROR, and
 * out has all of them, with lines, columns and hints: {"error": …, "diagnostics": […]}.
 */
parlance_dialect parlance_open(const char *name, size_t length, parlance_exchange *x);

/*
 * Opens the translation of the responses of one dialect into those of another. It has no buffer:
 * a fault of the library itself is PARLANCE_ERROR without a text, here and of parlance_close.
 */
parlance_translator parlance_translation(parlance_dialect from, parlance_dialect to);

/* Closes a dialect or a translator. Calls that are under way end as if it were open. */
int parlance_close(int32_t handle);

/*
 * Whether the body of a response is needed for its meaning, or for its translation. It reads
 * status and header alone. PARLANCE_WRITTEN is yes, PARLANCE_PASS no.
 */
int parlance_needs_body(int32_t handle, parlance_exchange *x);

/* Sets kind, act and retry_safe. It writes nothing. */
int parlance_classify(parlance_dialect d, parlance_exchange *x);

/* Writes {"outcome": …, "decision": …, "diagnostics": […]}. */
int parlance_decode(parlance_dialect d, parlance_exchange *x);

/* Writes {"decision": …}: what to do, when, and whether a retry is safe. It is quicker. */
int parlance_decide(parlance_dialect d, parlance_exchange *x);

/* Writes the response that tells an outcome, which body is as JSON. Sets out_status. */
int parlance_encode(parlance_dialect d, parlance_exchange *x);

/*
 * Writes the response for the callers of the other dialect. Sets out_status and out_kept.
 * PARLANCE_PASS says that the response is to be sent as it came. With PARLANCE_AHEAD it can
 * return PARLANCE_BODY: call it again with the body.
 */
int parlance_translate(parlance_translator t, parlance_exchange *x);

/* The name of a kind or an act, such as "rate_limited"; "" for a number that is none. */
const char *parlance_kind(int32_t kind);
const char *parlance_act(int32_t act);

#ifdef __cplusplus
}
#endif

#endif
