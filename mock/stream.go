package mock

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/server"
)

// MaxCut bounds the byte at which a stream is cut.
const MaxCut = 16 << 20

// streaming is a response that is a stream.
type streaming struct {
	of      *authoring.Stream
	request dialect.Request
	writer  *dialect.StreamWriter
	content int               // how many elements of content it has
	cut     int               // the bytes after which it ends; 0 for its own end
	failure *parlance.Outcome // its last element; nil if it goes well
	first   bool              // the failure is the first element
}

// stream is the stream that responds to a request by a wish; nil if something else does. The
// error says why the wish cannot be.
func (m *Mock) stream(r *http.Request, w *Wish) (*streaming, error) {
	all, asked := m.streams(), w.Element > 0 || w.Cut > 0
	if len(all) == 0 && !asked {
		return nil, nil
	}
	req := received(m.dialect, r)
	i := slices.IndexFunc(all, func(s authoring.Stream) bool { return s.Responds(req) })
	switch {
	case i < 0 && asked:
		return nil, m.noStream(r)
	case i < 0, !asked && m.declines(r, w, all[i].Types):
		return nil, nil
	}
	o, failing, err := m.failureOf(req, w, &all[i])
	if err != nil {
		return nil, err
	}
	s := &streaming{of: &all[i], request: req, writer: m.dialect.WriteStream(req), content: len(all[i].Content), cut: w.Cut}
	if w.Items > 0 {
		s.content = w.Items
	}
	if failing {
		return s.failing(&o, w)
	}
	switch {
	case w.Element > 0:
		return nil, fmt.Errorf("the element %d needs a failure, and the wish is a %s", w.Element, o.Kind)
	case o.Kind != parlance.KindSuccess:
		return nil, nil // its status says so
	}
	return s, nil
}

// failing is the stream with a failure as the element of the wish. It is nil if the wish is
// about no stream: then the status says so.
func (s *streaming) failing(o *parlance.Outcome, w *Wish) (*streaming, error) {
	switch {
	case w.Element == 0 && w.Cut == 0:
		return nil, nil
	case w.Element == 0:
		return nil, fmt.Errorf("name the element of the failure too, such as element=%d", s.content+1)
	}
	s.failure, s.content, s.first = o, w.Element-1, w.Element == 1
	return s, nil
}

// declines reports that a request is about something else than the stream of its operation.
func (m *Mock) declines(r *http.Request, w *Wish, types []string) bool {
	return r.Method == http.MethodHead || w.Sample != "" || !m.documents(r) || refusesStream(r, types)
}

// documents reports that the document, if there is one, has a success of the operation.
func (m *Mock) documents(r *http.Request) bool {
	return m.document == nil || m.document.Status(r.Method, r.URL.Path) == http.StatusOK
}

// noStream says which streams there are.
func (m *Mock) noStream(r *http.Request) error {
	var all []string
	for _, s := range m.streams() {
		all = append(all, s.Says())
	}
	if len(all) == 0 {
		return fmt.Errorf("the dialect %s describes no streams, so there is no element and no cut", m.dialect.Name())
	}
	return fmt.Errorf("no stream responds to %s %s. The streams are: %s", r.Method, r.URL.Path, strings.Join(all, "; "))
}

// failureOf is what the last element of a stream says by a wish. It reports false for a
// success.
func (m *Mock) failureOf(req dialect.Request, w *Wish, of *authoring.Stream) (o parlance.Outcome, failing bool, err error) {
	if w.Code == "" && w.Kind == 0 && w.Sample == "" {
		if w.Element == 0 && w.Detail == "" && w.Note == "" && len(w.Fields) == 0 && w.RetryAfter == 0 && w.Failed == 0 {
			return parlance.Outcome{Kind: parlance.KindSuccess}, false, nil
		}
		if w.Element > 0 {
			if o, failing = of.Fail(); !failing {
				return o, false, unwritten(of)
			}
			if w.Detail != "" {
				o.Detail = w.Detail
			}
			if w.RetryAfter != 0 {
				o.RetryAfter = w.RetryAfter
			}
			return o, true, nil
		}
	}
	said := *w
	said.Items, said.Failed = 0, 0
	o, err = m.meaning(req, &said)
	return o, o.Kind.Failing(), err
}

// unwritten says that no element can be a failure.
func unwritten(of *authoring.Stream) error {
	return fmt.Errorf("the file reads the failures of the stream %q and does not write them", of.Name)
}

// refusesStream reports that a request asks for a response that is no stream: by the member
// "stream" of its body, else by its Accept. Without either, a stream is welcome.
func refusesStream(r *http.Request, types []string) bool {
	if wants, said := asksStream(r); said {
		return !wants
	}
	accept := strings.Join(r.Header["Accept"], ",")
	if accept == "" {
		return false
	}
	for one := range strings.SplitSeq(accept, ",") {
		media := httpheader.MediaType(one)
		major, _, _ := strings.Cut(types[0], "/")
		if media == "*/*" || media == major+"/*" || slices.Contains(types, media) {
			return false
		}
	}
	return true
}

// asksStream is the member "stream" of a body, which is how APIs of models ask for a stream.
// It reports false if the body has none. The body can still be read.
func asksStream(r *http.Request) (wants, said bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return false, false
	}
	head := sniff(r)
	at := bytes.Index(head, []byte(`"stream"`))
	for at >= 0 {
		rest := bytes.TrimLeft(head[at+len(`"stream"`):], " \t\r\n")
		if len(rest) > 0 && rest[0] == ':' {
			rest = bytes.TrimLeft(rest[1:], " \t\r\n")
			switch {
			case bytes.HasPrefix(rest, []byte("true")):
				return true, true
			case bytes.HasPrefix(rest, []byte("false")):
				return false, true
			}
		}
		next := bytes.Index(head[at+1:], []byte(`"stream"`))
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return false, false
}

// sendStream sends a stream, one element after the other. It returns what it means, and what
// of the wish is lost.
func (m *Mock) sendStream(w http.ResponseWriter, s *streaming) (parlance.Outcome, []parlance.Loss) {
	m.streamHeader(w.Header(), s)
	w.WriteHeader(http.StatusOK)
	out := &cutter{to: w, flush: http.NewResponseController(w).Flush, left: s.cut, bounded: s.cut > 0}
	header := dialect.HeaderMap{"Content-Type": {s.writer.Type()}}
	out.seen = m.dialect.Stream(s.request, dialect.Response{Status: http.StatusOK, Header: header}, nil)
	losses := s.elements(out)
	if out.bounded && out.left > 0 {
		losses = append(losses, parlance.Loss{Attribute: "cut", Reason: fmt.Sprintf("the stream has only %d bytes", s.cut-out.left)})
	}
	if out.seen == nil {
		return parlance.Outcome{Kind: parlance.KindSuccess, Status: http.StatusOK}, losses
	}
	return out.seen.End(dialect.EndWhole).Outcome, losses
}

// streamHeader sets the header fields of a stream: those of a success, and its own.
func (m *Mock) streamHeader(h http.Header, s *streaming) {
	o := parlance.Outcome{Kind: parlance.KindSuccess, Status: http.StatusOK, RequestID: activity.NewID()}
	written := m.dialect.Encode(nil, s.request, &o, dialect.Payload{})
	for _, f := range written.Header {
		if f.Name != "Content-Type" {
			h.Add(f.Name, f.Value)
		}
	}
	if lost(written.Losses, "request_id") {
		h[server.RequestIDHeader] = []string{o.RequestID}
	}
	h.Set("Content-Type", s.writer.Type())
	h.Set("Cache-Control", "no-cache")
}

// elements writes the elements. Those of content are repeated if there are too few.
func (s *streaming) elements(out *cutter) (losses []parlance.Loss) {
	var b []byte
	write := func(p dialect.StreamPart) bool {
		b = s.writer.Append(b[:0], p)
		return out.write(b)
	}
	if !s.first {
		for _, p := range s.of.Preamble {
			if !write(p) {
				return nil
			}
		}
	}
	content := s.of.Content
	for i := 0; len(content) > 0 && (i < s.content || s.failure == nil && out.bounded); i++ {
		if !write(content[i%len(content)]) {
			return nil
		}
	}
	if s.failure != nil {
		encoded, _ := s.writer.Encode(b[:0], s.failure)
		out.write(encoded.Body)
		return wished(encoded.Losses)
	}
	for _, p := range s.of.End {
		if !write(p) {
			return nil
		}
	}
	if end := s.writer.AppendEnd(b[:0]); len(end) > 0 {
		out.write(end)
	}
	return nil
}

// cutter sends the elements of a stream, up to the byte at which it is cut.
type cutter struct {
	to      http.ResponseWriter
	flush   func() error
	seen    *dialect.Stream // reads what is sent; nil for none
	left    int             // bytes before the cut
	bounded bool
}

// write sends an element at once. It reports false if nothing more can be sent.
func (c *cutter) write(b []byte) bool {
	if c.bounded {
		b = b[:min(len(b), c.left)]
		c.left -= len(b)
	}
	if _, err := c.to.Write(b); err != nil {
		return false
	}
	if c.seen != nil {
		c.seen.Feed(b)
	}
	_ = c.flush() // a response that is kept whole cannot be flushed
	return !c.bounded || c.left > 0
}

// giveStream sends a stream and tells of it.
func (m *Mock) giveStream(w http.ResponseWriter, r *http.Request, c *choice, s *streaming) {
	began := time.Now()
	if c.wish.chooses() {
		c.applied(w.Header())
	}
	o, losses := m.sendStream(w, s)
	m.tell(r, Given{At: began, Status: http.StatusOK, Outcome: o, Why: c.why, Losses: losses})
}
