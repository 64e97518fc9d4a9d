//go:build wasip1

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"runtime"
	"runtime/debug"
	"time"
	"unsafe"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/jsontext"
	"github.com/parlance-api/parlance/lib/abi"
)

// The heap is small, so it may grow more before it is collected. A large one is collected sooner,
// since the memory of a module never shrinks.
func init() {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(64 << 20)
}

// What a function returns, besides a handle. They are those of parlance.h, and one more.
const (
	pass    = 0
	written = 1
	failed  = -2
	closed  = -3
	lacking = -6 // the text of a dialect is needed: the result is its name
)

// The module serves one call at a time, so that its memory is shared by all.
var (
	in, out []byte
	result  struct{ at, length, status, header, kept, kind, act, safe int32 }
	opened  = map[int32]any{}
	last    int32
	sources = map[string][]byte{} // nil for a dialect that is not there
	named   = map[string]*dialect.Dialect{}
	lacks   string
	came    int // how much room was asked for since the collector had its turn
)

// kept is the most memory that stays for the next call.
const kept = 4 << 20

// turn is how much room is given until the collector has its turn. A call runs on its own, so
// without one a collection that has taken half of the time is not ended, and memory grows.
const turn = 16 << 10

//go:wasmexport parlance_room
func room(size int32) uint32 {
	if came += int(size); came > turn {
		came = 0
		runtime.Gosched()
	}
	if int(size) > len(in) || len(in) > kept {
		in = make([]byte, max(int(size), 64<<10))
	}
	if cap(out) > kept {
		out = nil
	}
	return address(in)
}

// parlance_scatter draws random numbers. A module that was started when the package was built
// draws the same ones in each process, so that a stranger could know the seeds of its maps. A
// caller asks for a number of draws that nobody knows.
//
//go:wasmexport parlance_scatter
func scatter(draws int32) {
	for range draws {
		maphash.MakeSeed()
	}
}

//go:wasmexport parlance_result
func resultAt() uint32 { return uint32(uintptr(unsafe.Pointer(&result))) }

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// said leaves a result.
func said(b []byte, code int32) int32 {
	out = b
	result.at, result.length = int32(address(b)), int32(len(b))
	return code
}

func fault(err error) int32 { return said(abi.AppendError(out[:0], err), failed) }

// caught turns a panic into an error. It is a fault of ours.
func caught(code *int32) {
	if p := recover(); p != nil {
		*code = fault(fmt.Errorf("a fault of parlance.wasm: %v\n%s", p, debug.Stack()))
	}
}

// exchange reads what the caller wrote: numbers, then the texts one after the other.
func exchange() *abi.Exchange {
	const numbers, texts = 12, 56
	var n [numbers]int
	for i := range n {
		n[i] = int(binary.LittleEndian.Uint32(in[4*i:]))
	}
	all, body := in[texts:], 0
	for _, length := range n[3:9] {
		body += length
	}
	text := string(all[:body]) // one copy, since a name may be kept in a cache of the core
	next := func(i int) (t string) {
		t, text = text[:n[i]], text[n[i]:]
		return t
	}
	x := &abi.Exchange{Status: n[0], Cut: n[1]&1 != 0, RetryUnsafe: n[1]&2 != 0, Attempts: n[2]}
	x.Method, x.Path, x.Key, x.Reason = next(3), next(4), next(5), parlance.Reason(next(6))
	x.RequestHeader, x.Header = next(7), next(8)
	x.Body, all = all[body:body+n[9]:body+n[9]], all[body+n[9]:]
	x.Data, all = all[:n[10]:n[10]], all[n[10]:]
	x.DataType = string(all[:n[11]])
	if now := math.Float64frombits(binary.LittleEndian.Uint64(in[48:])); now != 0 {
		x.Now = time.UnixMilli(int64(now))
	}
	return x
}

// handled is what a handle stands for.
func handled[T any](handle int32) (T, bool) {
	v, ok := opened[handle].(T)
	return v, ok
}

func keep(v any) int32 {
	last++
	opened[last] = v
	return last
}

// parlance_source takes the text of a dialect: so much of the memory is its name, and so much
// behind that its text. A length below zero says that there is none.
//
//go:wasmexport parlance_source
func source(name, length int32) {
	if sources[string(in[:name])] = nil; length >= 0 {
		sources[string(in[:name])] = append([]byte{}, in[name:name+length]...)
	}
}

// errUnknown is the error for a name that is not in the catalog.
var errUnknown = errors.New("no such dialect")

func find(name string) (*dialect.Dialect, error) {
	if name == "http" {
		return dialect.Generic(), nil
	}
	if d := named[name]; d != nil {
		return d, nil
	}
	text, asked := sources[name]
	switch {
	case !asked:
		lacks = name
		fallthrough
	case text == nil:
		return nil, fmt.Errorf("%w: %q", errUnknown, name)
	}
	d, err := dialect.Compile(name+".yaml", text, find)
	if err == nil {
		named[name] = d
	}
	return d, err
}

// parlance_open opens a dialect by its name, or by its text if text is not 0. The result says
// what a client has to know of it.
//
//go:wasmexport parlance_open
func open(length, text int32) (handle int32) {
	defer caught(&handle)
	lacks = ""
	var d *dialect.Dialect
	var err error
	if text != 0 {
		d, err = dialect.Compile("dialect.yaml", append([]byte{}, in[:length]...), find)
	} else {
		d, err = find(string(in[:length]))
	}
	switch {
	case lacks != "":
		return said(append(out[:0], lacks...), lacking)
	case err != nil:
		return fault(err)
	}
	b := append(out[:0], `{"name":`...)
	b = jsontext.AppendStandard(b, d.Name())
	b = append(b, `,"title":`...)
	b = jsontext.AppendStandard(b, d.Title())
	b = append(b, `,"accept":`...)
	b = jsontext.AppendStandard(b, d.Accept())
	b = append(b, `,"idempotencyHeader":`...)
	b = jsontext.AppendStandard(b, d.IdempotencyHeader())
	b = fmt.Appendf(b, `,"asksQuery":%t}`, d.AsksQuery())
	return said(b, keep(abi.New(d)))
}

//go:wasmexport parlance_translation
func translation(from, to int32) int32 {
	f, ok := handled[*abi.Dialect](from)
	t, also := handled[*abi.Dialect](to)
	if !ok || !also {
		return closed
	}
	return keep(abi.NewTranslator(f, t))
}

//go:wasmexport parlance_close
func shut(handle int32) int32 {
	if _, ok := opened[handle]; !ok {
		return closed
	}
	delete(opened, handle)
	return written
}

//go:wasmexport parlance_needs_body
func needsBody(handle int32) (code int32) {
	defer caught(&code)
	of, ok := handled[interface {
		NeedsBody(*abi.Exchange) (bool, error)
	}](handle)
	if !ok {
		return closed
	}
	needs, err := of.NeedsBody(exchange())
	switch {
	case err != nil:
		return fault(err)
	case needs:
		return written
	}
	return pass
}

//go:wasmexport parlance_classify
func classify(handle int32) (code int32) {
	defer caught(&code)
	d, ok := handled[*abi.Dialect](handle)
	if !ok {
		return closed
	}
	g, err := d.Classify(exchange())
	if err != nil {
		return fault(err)
	}
	result.kind, result.act, result.safe = int32(g.Kind), int32(g.Decision.Act), 0
	if g.Decision.RetrySafe {
		result.safe = 1
	}
	return written
}

//go:wasmexport parlance_decode
func decode(handle int32) int32 { return tells(handle, (*abi.Dialect).Decode) }

//go:wasmexport parlance_decide
func decide(handle int32) int32 { return tells(handle, (*abi.Dialect).Decide) }

// tells leaves what a dialect says of an exchange.
func tells(handle int32, how func(*abi.Dialect, []byte, *abi.Exchange) ([]byte, error)) (code int32) {
	defer caught(&code)
	d, ok := handled[*abi.Dialect](handle)
	if !ok {
		return closed
	}
	b, err := how(d, out[:0], exchange())
	if err != nil {
		return fault(err)
	}
	return said(b, written)
}

//go:wasmexport parlance_encode
func encode(handle int32) (code int32) {
	defer caught(&code)
	d, ok := handled[*abi.Dialect](handle)
	if !ok {
		return closed
	}
	b, r, err := d.Encode(out[:0], exchange())
	if err != nil {
		return fault(err)
	}
	return wrote(b, r)
}

func wrote(b []byte, r abi.Response) int32 {
	if result.status, result.header, result.kept = int32(r.Status), int32(r.Header), 0; r.Keeps {
		result.kept = 1
	}
	return said(b, written)
}

//go:wasmexport parlance_translate
func translate(handle int32) (code int32) {
	defer caught(&code)
	t, ok := handled[*abi.Translator](handle)
	if !ok {
		return closed
	}
	b, r, changed, err := t.Translate(out[:0], exchange())
	switch {
	case err != nil:
		return fault(err)
	case !changed:
		return pass
	}
	return wrote(b, r)
}

// parlance_stream begins to read a stream. It returns 0 if the dialect describes none.
//
//go:wasmexport parlance_stream
func stream(handle int32) (code int32) {
	defer caught(&code)
	d, ok := handled[*abi.Dialect](handle)
	if !ok {
		return closed
	}
	s, err := d.Stream(exchange())
	switch {
	case err != nil:
		return fault(err)
	case s == nil:
		return pass
	}
	return keep(s)
}

// parlance_feed feeds a stream. It returns 0 while its beginning is not known, 2 if it began
// with a failure, and 1 otherwise.
//
//go:wasmexport parlance_feed
func feed(handle, length int32) (code int32) {
	defer caught(&code)
	s, ok := handled[*abi.Stream](handle)
	if !ok {
		return closed
	}
	switch decided, failure := s.Feed(in[:length]); {
	case failure:
		return 2
	case decided:
		return 1
	}
	return 0
}

// parlance_end ends a stream: 0 if nothing follows, 1 if more may follow, 2 if it broke.
//
//go:wasmexport parlance_end
func end(handle, how int32) (code int32) {
	defer caught(&code)
	s, ok := handled[*abi.Stream](handle)
	if !ok {
		return closed
	}
	return said(s.End(out[:0], [...]dialect.Ending{dialect.EndWhole, dialect.EndLeft, dialect.EndBroke}[how]), written)
}

// parlance_names leaves the names of the kinds and of the acts by their numbers, and the
// version.
//
//go:wasmexport parlance_names
func names() int32 {
	b := append(out[:0], `{"kinds":[""`...)
	for _, k := range parlance.Kinds() {
		b = jsontext.AppendStandard(append(b, ','), k.String())
	}
	b = append(b, `],"acts":[""`...)
	for _, a := range parlance.Acts() {
		b = jsontext.AppendStandard(append(b, ','), a.String())
	}
	b = append(b, `],"version":`...)
	return said(append(jsontext.AppendStandard(b, abi.Version()), '}'), written)
}
