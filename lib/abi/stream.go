package abi

import (
	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/outcomejson"
)

// Stream reads a response that arrives as a stream. It is for one goroutine.
type Stream struct {
	d   *Dialect
	of  *dialect.Stream
	x   Exchange // without its texts
	req dialect.Request
}

// Stream is the reader of a response whose body is a stream, nil if the dialect describes it
// as none. The texts of x are kept until the stream ends.
func (d *Dialect) Stream(x *Exchange) (*Stream, error) {
	req, res, err := x.both(d.of)
	if err != nil {
		return nil, err
	}
	of := d.of.Stream(req, res, nil)
	if of == nil {
		return nil, nil
	}
	return &Stream{d, of, Exchange{Attempts: x.Attempts}, req}, nil
}

// Feed takes the next bytes. It reports that the beginning of the stream is known, and that
// it is a failure, so that nothing was given to the caller.
func (s *Stream) Feed(p []byte) (decided, failed bool) {
	s.of.Feed(p)
	return s.of.Decided(), s.of.Failed() != nil && s.of.State().Content == 0
}

// End appends the meaning of the stream as JSON, as Decode does, and how much arrived. A retry
// is not safe after content, unless the request does nothing twice.
func (s *Stream) End(out []byte, how dialect.Ending) []byte {
	read := s.of.End(how)
	o := &read.Outcome
	if how == dialect.EndLeft && o.Kind.Good() && !read.Stream.Ended && s.of.HasEnd() {
		o.Kind, o.Reason = parlance.KindNoted, ""
	}
	decision := s.d.of.Decide(s.req, o)
	if read.Stream.Content > 0 && s.req.Key == "" && !s.d.of.Idempotent(s.req) {
		decision.RetrySafe = false
	}
	out = appendReading(out, &s.x, o, &decision, read.Diagnostics)
	return appendState(out[:len(out)-1], read.Stream)
}

// appendState appends what a stream came to as the last member of an object.
func appendState(out []byte, s *dialect.StreamState) []byte {
	out = append(out, `,"stream":{"elements":`...)
	out = outcomejson.AppendNumber(out, float64(s.Elements))
	out = append(out, `,"content":`...)
	out = outcomejson.AppendNumber(out, float64(s.Content))
	if s.Failures > 0 {
		out = append(out, `,"failures":`...)
		out = outcomejson.AppendNumber(out, float64(s.Failures))
	}
	if s.Ended {
		out = append(out, `,"ended":true`...)
	}
	if s.Cut {
		out = append(out, `,"cut":true`...)
	}
	return append(out, "}}"...)
}
