// Command lib is libparlance: the core of Parlance behind the C functions of parlance.h. It
// is built as a library that C loads or links:
//
//	go build -buildmode=c-shared -o libparlance.so ./lib
//	go build -buildmode=c-archive -o libparlance.a ./lib
//
// Package abi does the work. This package turns the texts of C into those of
// Go, and writes into the buffer of the caller.
package main

// #include "parlance.h"
import "C"

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/lib/abi"
)

func main() {}

// With one processor, the runtime takes it away after each call, so that other goroutines could
// run, and the next call has to wake what took it. That costs more than the call. With two, the
// thread of C keeps the one that it has. So a process that is held to one core has two as well.
func init() { runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0))) }

// text is a copy of a text of C.
func text(t C.parlance_text) string { return string(bytes(t)) }

// bytes is the memory of C itself. The core reads it, and keeps no part of it.
func bytes(t C.parlance_text) []byte {
	if t.text == nil {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(t.text)), int(t.length))
}

// exchanges are those that no call uses.
var exchanges = sync.Pool{New: func() any { return new(abi.Exchange) }}

// exchange is one of exchanges, with what C says. Its texts are copies, since a name may be
// kept in a cache of the core. They share one allocation.
func exchange(x *C.parlance_exchange) *abi.Exchange {
	e := exchanges.Get().(*abi.Exchange)
	texts := [...]struct {
		from C.parlance_text
		to   *string
	}{
		{x.method, &e.Method}, {x.path, &e.Path}, {x.key, &e.Key}, {x.request_header, &e.RequestHeader},
		{x.reason, (*string)(&e.Reason)}, {x.header, &e.Header}, {x.data_type, &e.DataType},
	}
	size := 0
	for i := range texts {
		size += len(bytes(texts[i].from))
	}
	var copies strings.Builder
	copies.Grow(size)
	for i := range texts {
		start := copies.Len()
		copies.Write(bytes(texts[i].from))
		*texts[i].to = copies.String()[start:]
	}
	e.Status, e.Attempts, e.Body, e.Data = int(x.status), int(x.attempts), bytes(x.body), bytes(x.data)
	e.Cut, e.Ahead, e.RetryUnsafe = x.flags&C.PARLANCE_CUT != 0, x.flags&C.PARLANCE_AHEAD != 0, x.flags&C.PARLANCE_RETRY_UNSAFE != 0
	if x.now != 0 {
		e.Now = time.UnixMilli(int64(x.now))
	}
	return e
}

// release gives an exchange to the next call.
func release(e *abi.Exchange) {
	e.Reset()
	exchanges.Put(e)
}

// buffer is the memory of the caller for the result, as an empty slice.
func buffer(x *C.parlance_exchange) []byte {
	if x.out == nil {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(x.out)), int(x.capacity))[:0]
}

// written says how much of the buffer is used, or how much it needs. What was appended to a
// buffer that is too small is memory of Go.
func written(x *C.parlance_exchange, out []byte) C.int {
	x.length = C.size_t(len(out))
	if len(out) > int(x.capacity) || x.out == nil && len(out) > 0 {
		return C.PARLANCE_SMALL
	}
	return C.PARLANCE_WRITTEN
}

// failed writes an error in the place of a result.
func failed(x *C.parlance_exchange, err error) C.int {
	if code := written(x, abi.AppendError(buffer(x), err)); code != C.PARLANCE_WRITTEN {
		return code
	}
	return C.PARLANCE_ERROR
}

// caught turns a panic into an error. It is a fault of ours, and no reason to end the
// process of somebody else.
func caught(x *C.parlance_exchange, code *C.int) {
	if p := recover(); p != nil {
		*code = failed(x, fmt.Errorf("a fault of libparlance: %v\n%s", p, debug.Stack()))
	}
}

// caughtAlone is caught for an export that has no buffer to say what went wrong.
func caughtAlone(code *C.int32_t) {
	if recover() != nil {
		*code = C.PARLANCE_ERROR
	}
}

// opened are the dialects and translators by their handles.
var (
	opened sync.Map
	last   atomic.Int32
)

func keep(v any) C.int32_t {
	handle := C.int32_t(last.Add(1))
	opened.Store(handle, v)
	return handle
}

func handled[T any](handle C.int32_t) (T, bool) {
	v, _ := opened.Load(handle)
	of, ok := v.(T)
	return of, ok
}

// open makes a dialect of a name in the catalog, of a file, or of the text of one. A text has
// a line end.
func open(nameOrText string) (*abi.Dialect, error) {
	if !strings.Contains(nameOrText, "\n") {
		d, err := catalog.Open(nameOrText)
		if err != nil {
			return nil, err
		}
		return abi.New(d), nil
	}
	d, err := dialect.Compile("dialect.yaml", []byte(nameOrText), catalog.Find("dialect.yaml"))
	if err != nil {
		return nil, err
	}
	return abi.New(d), nil
}

//export parlanceOpen
func parlanceOpen(name *C.char, length C.size_t, x *C.parlance_exchange) (handle C.int32_t) {
	var code C.int
	defer func() { handle = cmp.Or(C.int32_t(code), handle) }()
	defer caught(x, &code)
	d, err := open(text(C.parlance_text{text: name, length: length}))
	if err != nil {
		code = failed(x, err)
		return 0
	}
	return keep(d)
}

//export parlanceTranslation
func parlanceTranslation(from, to C.int32_t) (handle C.int32_t) {
	defer caughtAlone(&handle)
	f, ok := handled[*abi.Dialect](from)
	t, also := handled[*abi.Dialect](to)
	if !ok || !also {
		return C.PARLANCE_CLOSED
	}
	return keep(abi.NewTranslator(f, t))
}

//export parlanceClose
func parlanceClose(handle C.int32_t) (code C.int32_t) {
	defer caughtAlone(&code)
	if _, ok := opened.LoadAndDelete(handle); !ok {
		return C.PARLANCE_CLOSED
	}
	return C.PARLANCE_WRITTEN
}

//export parlanceNeedsBody
func parlanceNeedsBody(handle C.int32_t, x *C.parlance_exchange) (code C.int) {
	defer caught(x, &code)
	of, ok := handled[interface {
		NeedsBody(*abi.Exchange) (bool, error)
	}](handle)
	if !ok {
		return C.PARLANCE_CLOSED
	}
	e := exchange(x)
	defer release(e)
	needs, err := of.NeedsBody(e)
	switch {
	case err != nil:
		return failed(x, err)
	case needs:
		return C.PARLANCE_WRITTEN
	}
	return C.PARLANCE_PASS
}

//export parlanceClassify
func parlanceClassify(handle C.int32_t, x *C.parlance_exchange) (code C.int) {
	defer caught(x, &code)
	d, ok := handled[*abi.Dialect](handle)
	if !ok {
		return C.PARLANCE_CLOSED
	}
	e := exchange(x)
	defer release(e)
	g, err := d.Classify(e)
	if err != nil {
		return failed(x, err)
	}
	x.kind, x.act, x.retry_safe = C.int32_t(g.Kind), C.int32_t(g.Decision.Act), 0
	if g.Decision.RetrySafe {
		x.retry_safe = 1
	}
	return C.PARLANCE_WRITTEN
}

//export parlanceDecode
func parlanceDecode(handle C.int32_t, x *C.parlance_exchange) (code C.int) {
	defer caught(x, &code)
	return said(handle, x, (*abi.Dialect).Decode)
}

//export parlanceDecide
func parlanceDecide(handle C.int32_t, x *C.parlance_exchange) (code C.int) {
	defer caught(x, &code)
	return said(handle, x, (*abi.Dialect).Decide)
}

// said writes what a dialect says of an exchange.
func said(handle C.int32_t, x *C.parlance_exchange, how func(*abi.Dialect, []byte, *abi.Exchange) ([]byte, error)) C.int {
	d, ok := handled[*abi.Dialect](handle)
	if !ok {
		return C.PARLANCE_CLOSED
	}
	e := exchange(x)
	defer release(e)
	out, err := how(d, buffer(x), e)
	if err != nil {
		return failed(x, err)
	}
	return written(x, out)
}

// wrote says what a response that was written is like.
func wrote(x *C.parlance_exchange, out []byte, r abi.Response) C.int {
	x.out_status, x.out_header, x.out_kept = C.int32_t(r.Status), C.size_t(r.Header), 0
	if r.Keeps {
		x.out_kept = 1
	}
	return written(x, out)
}

//export parlanceEncode
func parlanceEncode(handle C.int32_t, x *C.parlance_exchange) (code C.int) {
	defer caught(x, &code)
	d, ok := handled[*abi.Dialect](handle)
	if !ok {
		return C.PARLANCE_CLOSED
	}
	e := exchange(x)
	defer release(e)
	out, r, err := d.Encode(buffer(x), e)
	if err != nil {
		return failed(x, err)
	}
	return wrote(x, out, r)
}

//export parlanceTranslate
func parlanceTranslate(handle C.int32_t, x *C.parlance_exchange) (code C.int) {
	defer caught(x, &code)
	t, ok := handled[*abi.Translator](handle)
	if !ok {
		return C.PARLANCE_CLOSED
	}
	e := exchange(x)
	defer release(e)
	out, r, changed, err := t.Translate(buffer(x), e)
	switch {
	case err == abi.ErrBody:
		return C.PARLANCE_BODY
	case err != nil:
		return failed(x, err)
	case !changed:
		return C.PARLANCE_PASS
	}
	return wrote(x, out, r)
}

// names are those of the kinds and the acts, and the version, in memory of C that stays.
var names = sync.OnceValue(func() (n struct {
	version     *C.char
	kinds, acts []*C.char
}) {
	n.version = C.CString(abi.Version())
	n.kinds, n.acts = []*C.char{nil}, []*C.char{nil}
	for _, k := range parlance.Kinds() {
		n.kinds = append(n.kinds, C.CString(k.String()))
	}
	for _, a := range parlance.Acts() {
		n.acts = append(n.acts, C.CString(a.String()))
	}
	return n
})

// nameOf is a name by its number. For a number that is none it is nil, which guard.c turns
// into "".
func nameOf(all []*C.char, number C.int32_t) *C.char {
	if number < 0 || int(number) >= len(all) {
		return nil
	}
	return all[number]
}

// caughtName leaves a name nil if a panic ended its export.
func caughtName() { _ = recover() }

//export parlanceVersion
func parlanceVersion() *C.char {
	defer caughtName()
	return names().version
}

//export parlanceKind
func parlanceKind(kind C.int32_t) *C.char {
	defer caughtName()
	return nameOf(names().kinds, kind)
}

//export parlanceAct
func parlanceAct(act C.int32_t) *C.char {
	defer caughtName()
	return nameOf(names().acts, act)
}
