// Package bulk handles requests of many records, one record at a time. It reads the
// request and writes the response as a stream, so a request may have any length.
//
//	mux.Handle("POST /orders", bulk.Handle(api, func(ctx context.Context, r bulk.Record) (parlance.Item, error) {
//		var o order
//		if err := r.Decode(&o); err != nil {
//			return parlance.Item{}, err
//		}
//		return parlance.Item{ID: o.Ref}, save(ctx, o)
//	}))
//
// The response lists the outcome of each record in the dialect. For a short list that
// is already in memory, return a [server.Bulk] reply.
package bulk

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/core"
	"github.com/parlance-api/parlance/server/internal/generic"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// Record is one record of a bulk request. Its bytes are valid until the handler
// returns.
type Record struct {
	Index int    // zero-based position in the request
	Line  int    // of the request's text on which it begins, from 1
	Name  string // of the XML element, prefix included; "" in JSON
	Raw   []byte // the JSON value, or the XML element
}

// Decode reads the record into v as encoding/json or encoding/xml would. Its error is
// an invalid record, and its text is safe to show to a client.
func (r Record) Decode(v any) error {
	var err error
	switch {
	case r.Name != "":
		err = xml.Unmarshal(r.Raw, v)
	case !utf8.Valid(r.Raw): // RFC 8259, 8.1; encoding/json would put something else in its place
		err = errors.New("bulk: the record is not UTF-8")
	default:
		err = json.Unmarshal(r.Raw, v)
	}
	if err == nil {
		return nil
	}
	bad := parlance.NewError(parlance.KindInvalid, "The record cannot be read").Because(err)
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		path := pathIn(reflect.TypeOf(v), e.Field)
		bad.Outcome.Detail = fmt.Sprintf("%s must not be a %s", path, e.Value)
		bad = bad.WithFields(parlance.Field{Path: path, Message: bad.Outcome.Detail})
	}
	return bad
}

// pathIn is a path of encoding/json without the names of embedded structs, which
// are Go's and stand in no document.
func pathIn(t reflect.Type, path string) string {
	var names []string
	for name := range strings.SplitSeq(path, ".") {
		for t != nil && slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map}, t.Kind()) {
			t = t.Elem()
		}
		if t != nil && t.Kind() == reflect.Struct {
			if f, ok := t.FieldByName(name); ok && f.Anonymous && f.Tag.Get("json") == "" {
				t = f.Type
				continue
			}
			t = memberOf(t, name)
		}
		names = append(names, name)
	}
	return strings.Join(names, ".")
}

// memberOf is the type of the member that JSON calls so; nil where there is none.
func memberOf(t reflect.Type, name string) reflect.Type {
	for f := range t.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if cmp.Or(tag, f.Name) == name {
			return f.Type
		}
	}
	return nil
}

// Func handles one record and returns its outcome. The Item needs no Index. The zero
// Item is a success. An error is the record's failure, by [parlance.OutcomeOf]; the
// Item's ID stays. A panic is the record's failure too, and its value is only logged.
type Func func(ctx context.Context, r Record) (parlance.Item, error)

// Option is a setting of [Handle].
type Option interface{ apply(*records) }

type option func(*records)

func (o option) apply(b *records) { o(b) }

// Member names the place of the records. In JSON it is the member of an object that has
// the list; without it, the document is the list. In XML it is the name of the elements
// under the root; without it, all elements are records.
func Member(name string) Option { return option(func(b *records) { b.member = name }) }

// ID sets a function that returns a record's id before it is handled. It serves records
// whose handler panicked or could not read them. An ID that the handler returns takes
// precedence.
func ID(f func(Record) string) Option { return option(func(b *records) { b.id = f }) }

// Summary sets a function that makes the Outcome of a request without a failed record.
// It gets the outcomes of the records in order, and may set Notes or a Status that is
// not the kind's usual one. Under 204 and 205 the response does not list the records.
// If its Kind is zero, the kind is success. The records are read back from the kept
// response, see [Spool], so their number is not limited.
func Summary(f func(records iter.Seq[parlance.Item]) parlance.Outcome) Option {
	return option(func(b *records) { b.summary = f })
}

// Workers handles this many records at the same time; the default is 1. The response
// still lists them in their order.
func Workers(n int) Option { return option(func(b *records) { b.workers = max(n, 1) }) }

// MaxRecord bounds a record, including the bytes before it, in bytes; the default is
// [DefaultMaxRecord]. A longer record ends the reading.
func MaxRecord(bytes int) Option {
	return option(func(b *records) { b.maxRecord = bytes })
}

// MaxRecords bounds how many records are handled; 0 is no bound. All records after them
// are one failure.
func MaxRecords(n int) Option { return option(func(b *records) { b.maxRecords = n }) }

// Spool sets how a response is kept until its head is sent. Up to this many bytes are
// kept in memory; the default is [server.DefaultMaxBuffered]. A longer response is kept
// in a temporary file in dir, which is removed afterwards. "" is os.TempDir.
func Spool(dir string, bytes int) Option {
	return option(func(b *records) { b.dir, b.maxSpool = dir, bytes })
}

// Buffered sends nothing before the whole request was read. It is for clients that do
// not read while they send: otherwise both ends could wait for each other once the
// buffers between them are full.
func Buffered() Option { return option(func(b *records) { b.last = true }) }

// DefaultMaxRecord is the default bound of a record: 1 MiB.
const DefaultMaxRecord = 1 << 20

// records handles bulk requests.
type records struct {
	server     *server.Server
	each       Func
	id         func(Record) string                            // nil: the handler alone knows it
	summary    func(iter.Seq[parlance.Item]) parlance.Outcome // nil: a success
	member     string
	workers    int
	maxRecord  int
	maxRecords int
	maxSpool   int
	dir        string
	last       bool
}

// Handle makes an http.Handler that calls f for each record of a request. The response
// lists the outcomes of the records in order. It is a success if no record failed,
// partial if some failed, and a failure if all did ([parlance.RollUp]).
//
// The request is a JSON list, or an XML document whose root holds the records; its
// first byte decides. Request and response are streamed. The head of the response is
// sent once one record has failed and another has not, because the result can then only
// be partial. Until then the response is kept; see [Spool]. A dialect that grafts its
// response into the caller's document returns that document record by record.
//
// An unreadable part ends the reading. The records before it stay handled, and the rest
// is one failure that names the position. If no record came before it, the whole
// request is invalid. If the client disconnects, the record in progress is the last
// one.
//
// A dialect that cannot list records one after the other responds at the end, with all
// items in memory. If it cannot list records at all, the response has only the total
// outcome.
func Handle(s *server.Server, f Func, options ...Option) http.Handler {
	b := &records{server: s, each: f, workers: 1, maxRecord: DefaultMaxRecord, maxSpool: server.DefaultMaxBuffered}
	for _, o := range options {
		o.apply(b)
	}
	return s.Wrap(b)
}

func (b *records) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := core.Of(r.Context())
	if !b.last {
		_ = http.NewResponseController(x).EnableFullDuplex() // where it cannot be, it need not
	}
	a := &response{x: x, hold: b.last, summary: b.summary, spool: spool{dir: b.dir, max: b.maxSpool}}
	defer a.spool.close()
	in := &input{src: r.Body, max: b.maxRecord}
	ctx := r.Context() // not that of the exchange: what stands between has put in who calls, and until when
	err := b.run(ctx, in, a)
	switch {
	case err == nil:
		x.Logger().InfoContext(ctx, "bulk request", "records", a.total, "failed", a.failed)
	case errors.Is(err, context.Canceled), errors.Is(err, errUnheard):
		x.Logger().InfoContext(ctx, "the client disconnected during a bulk request", "records", a.total, "failed", a.failed)
		panic(http.ErrAbortHandler)
	default:
		if a.total > 0 {
			x.Logger().ErrorContext(ctx, "a bulk request was cut off", "records", a.total, "failed", a.failed)
		}
		x.Respond(ctx, nil, err)
	}
}

// errUnheard is that the response could not be sent.
var errUnheard = errors.New("bulk: the client does not take the response")

// run handles every record and ends the response.
func (b *records) run(ctx context.Context, in *input, a *response) error {
	source, err := in.open(b.member)
	if doc, ok := source.(*xmlRecords); ok {
		a.graft = &graft{xml: doc, exchange: a.x, max: b.maxRecord}
		source = a.graft
	}
	if err == nil {
		if b.workers > 1 {
			err = b.together(ctx, in, source, a)
		} else {
			in.pause = a.flush
			err = b.inTurn(ctx, source, a)
		}
	}
	if errors.Is(err, io.EOF) {
		return a.end(nil)
	}
	rest := unread(err)
	if _, bad := errors.AsType[*badInput](err); bad && a.graft != nil {
		rest = rest.WithReason(parlance.ReasonXML)
	}
	switch {
	case rest == nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err() // it broke off because there is nobody any more
	case a.total == 0:
		return rest
	}
	b.log(ctx, a.total, rest)
	return a.end(rest)
}

// inTurn handles one record after the other. It ends with io.EOF where all is read.
func (b *records) inTurn(ctx context.Context, source source, a *response) error {
	for n := 0; ; n++ {
		raw, err := b.read(source, n)
		if err != nil {
			return err
		}
		h := handled{name: raw.name, before: raw.before, raw: raw.bytes}
		b.do(ctx, Record{Index: n, Line: raw.line, Name: raw.name, Raw: raw.bytes}, &h.item)
		if err := a.add(&h); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// read is the next record, if there may be another.
func (b *records) read(source source, n int) (rawRecord, error) {
	raw, err := source.next()
	if err == nil && b.maxRecords > 0 && n == b.maxRecords {
		err = &tooMany{n}
	}
	return raw, err
}

// together handles several records at the same time. A goroutine of its own reads them,
// so that finished records are sent while the next one is awaited.
func (b *records) together(ctx context.Context, in *input, source source, a *response) error {
	queue := make(chan *work, b.workers-1) // and one that is waited for
	stop := make(chan struct{})
	in.pause = func() error {
		select {
		case <-stop:
			return errUnheard
		default:
			return nil
		}
	}
	go func() {
		defer close(queue)
		for n := 0; ; n++ {
			raw, err := b.read(source, n)
			j := &work{done: make(chan struct{}), err: err}
			j.name, j.before, j.raw = raw.name, append([]byte(nil), raw.before...), append([]byte(nil), raw.bytes...)
			if err != nil {
				close(j.done)
			}
			select {
			case queue <- j:
			case <-stop:
				return
			}
			if err != nil {
				return
			}
			go func() {
				defer close(j.done)
				b.do(ctx, Record{Index: n, Line: raw.line, Name: j.name, Raw: j.raw}, &j.item)
			}()
		}
	}()
	var failed error
	for {
		j, more := awaited(queue, a, &failed)
		if !more {
			return failed
		}
		_, _ = awaited(j.done, a, &failed)
		switch {
		case failed != nil:
		case j.err != nil:
			failed = j.err
		default:
			if failed = a.add(&j.handled); failed == nil {
				failed = ctx.Err()
			}
		}
		if failed != nil {
			close(stop)
			// The reader may be waiting for a client that has no more to say.
			_ = http.NewResponseController(a.x).SetReadDeadline(time.Unix(1, 0))
		}
	}
}

// work is a record that is being handled.
type work struct {
	handled
	done chan struct{}
	err  error // that there is no record more
}

// awaited is what a channel gives. If it is to be waited for, what can be told
// goes out before.
func awaited[T any](c <-chan T, a *response, failed *error) (value T, more bool) {
	select {
	case value, more = <-c:
		return value, more
	default:
	}
	if *failed == nil {
		*failed = a.flush()
	}
	value, more = <-c
	return value, more
}

// do handles one record, whatever its handler does. It says by item what became of the
// record, since a goroutine that ends returns nothing.
func (b *records) do(ctx context.Context, r Record, item *parlance.Item) {
	finished, id := false, ""
	defer func() {
		if !finished {
			cause := recover()
			if cause == nil {
				cause = core.ErrExited
			}
			b.server.Logger().ErrorContext(ctx, "the handler of a record panicked",
				"record", r.Index, "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			*item = parlance.Item{Outcome: parlance.Outcome{Kind: parlance.KindInternal, Detail: wording.Internal(b.server.Dialect(), "record")}}
		}
		item.Index, item.ID = r.Index, cmp.Or(item.ID, id)
		if o := &item.Outcome; o.Kind == 0 {
			o.Kind = parlance.KindSuccess
		}
	}()
	if b.id != nil {
		id = b.id(r)
	}
	var err error
	if *item, err = b.each(ctx, r); err != nil {
		b.log(ctx, r.Index, err)
		item.Outcome = parlance.OutcomeOf(err)
		item.Outcome.Kind = generic.Kind(&item.Outcome)
		if o := &item.Outcome; o.Kind == parlance.KindInternal && o.Detail == "" {
			o.Detail = wording.Internal(b.server.Dialect(), "record")
		}
	}
	finished = true
}

// log logs the part of an error that the client is not told. It does not fill the log
// if many records are bad.
func (b *records) log(ctx context.Context, index int, err error) {
	level := slog.LevelDebug
	if parlance.OutcomeOf(err).Kind.ServerFault() && ctx.Err() == nil {
		level = slog.LevelError
	}
	b.server.Logger().Log(ctx, level, "a record failed", "record", index, "error", err.Error())
}

// tooMany is that there are more records than may be.
type tooMany struct{ max int }

func (e *tooMany) Error() string { return fmt.Sprintf("more than %d records", e.max) }

// cutInput is that the request could not be read further.
type cutInput struct{ err error }

func (e *cutInput) Error() string { return "bulk: the request was cut off: " + e.err.Error() }
func (e *cutInput) Unwrap() error { return e.err }

// unread is the error that the client gets for the unread part; nil if the fault is the
// server's.
func unread(err error) *parlance.Error {
	if e, ok := errors.AsType[*badInput](err); ok {
		return parlance.NewError(parlance.KindInvalid, "The document cannot be read from byte %d on: %s", e.at, e.why)
	}
	if e, ok := errors.AsType[*tooMany](err); ok {
		return parlance.NewError(parlance.KindInvalid, "At most %d records are allowed in a request; the rest was not handled", e.max)
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		refused := parlance.NewError(parlance.KindInvalid, "At most %d bytes are allowed in a request; the rest was not handled", e.Limit)
		refused.Outcome.Status, refused.Outcome.Reason = http.StatusRequestEntityTooLarge, parlance.ReasonRequestTooLarge
		return refused
	}
	if e, ok := errors.AsType[*cutInput](err); ok {
		return parlance.NewError(parlance.KindInvalid, "The request was cut off; the rest was not handled").Because(e)
	}
	return nil
}
