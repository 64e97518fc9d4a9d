/*
 * The functions of parlance.h. Each looks whether this process has the threads of the Go
 * runtime: in a child of fork(2) a call would wait for ever.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "parlance.h"
#include "_cgo_export.h"

static atomic_int forked;

static void in_child(void) { atomic_store(&forked, 1); }

__attribute__((constructor)) static void at_load(void) { pthread_atfork(NULL, NULL, in_child); }

#define GUARD(x)                                            \
	do {                                                \
		if (atomic_load(&forked))                   \
			return PARLANCE_FORKED;             \
		if ((x) == NULL || (x)->size != sizeof *(x)) \
			return PARLANCE_STRUCT;             \
	} while (0)

/*
 * Makes a call. A thread that is canceled (pthread_cancel) ends after it: within, it would
 * leave the Go runtime with locks that nobody gives back.
 */
#define WHOLE(type, result, call)                                     \
	do {                                                          \
		int before;                                           \
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before); \
		type result = call;                                   \
		pthread_setcancelstate(before, NULL);                 \
		return result;                                        \
	} while (0)

int32_t parlance_open(const char *name, size_t length, parlance_exchange *x)
{
	GUARD(x);
	WHOLE(int32_t, handle, parlanceOpen((char *)name, length, x));
}

int32_t parlance_translation(int32_t from, int32_t to)
{
	if (atomic_load(&forked))
		return PARLANCE_FORKED;
	WHOLE(int32_t, handle, parlanceTranslation(from, to));
}

int parlance_close(int32_t handle)
{
	if (atomic_load(&forked))
		return PARLANCE_FORKED;
	WHOLE(int, code, parlanceClose(handle));
}

#define CALL(name, go)                                       \
	int name(int32_t handle, parlance_exchange *x)       \
	{                                                    \
		GUARD(x);                                    \
		WHOLE(int, code, go(handle, x));             \
	}

CALL(parlance_needs_body, parlanceNeedsBody)
CALL(parlance_classify, parlanceClassify)
CALL(parlance_decode, parlanceDecode)
CALL(parlance_decide, parlanceDecide)
CALL(parlance_encode, parlanceEncode)
CALL(parlance_translate, parlanceTranslate)

/* A name that is none is "". */
static const char *or_empty(const char *name) { return name == NULL ? "" : name; }

#define TEXT(name, argument, call)                           \
	const char *name(argument)                           \
	{                                                    \
		if (atomic_load(&forked))                    \
			return "";                           \
		WHOLE(const char *, text, or_empty(call));  \
	}

TEXT(parlance_version, void, parlanceVersion())
TEXT(parlance_kind, int32_t kind, parlanceKind(kind))
TEXT(parlance_act, int32_t act, parlanceAct(act))
