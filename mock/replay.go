package mock

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// WithReplay gives recorded responses again, such as those of package record, to requests
// without a wish. A request gets the responses to its method and target in their order, and
// the last one again. If no query fits, the path alone counts. Any other request is not
// found.
func WithReplay(cases ...authoring.Case) Option {
	return option(func(c *config) { c.recorded = cases })
}

// recording is what was recorded, by the method and the target of the requests.
type recording map[string]*track

// track is the responses to one target.
type track struct {
	cases []*authoring.Case
	next  atomic.Int64
}

// newRecording sorts cases by their requests; nil if there are none.
func newRecording(cases []authoring.Case) recording {
	if len(cases) == 0 {
		return nil
	}
	all := recording{}
	add := func(key string, c *authoring.Case) {
		if all[key] == nil {
			all[key] = &track{}
		}
		all[key].cases = append(all[key].cases, c)
	}
	for i := range cases {
		c := &cases[i]
		method := c.Request.Method
		if method == "" {
			method = http.MethodGet
		}
		path, query, _ := strings.Cut(c.Request.Path, "?")
		add(method+" "+path, c)
		if query != "" {
			add(method+" "+path+"?"+query, c)
		}
	}
	return all
}

// of is the next response to a request; nil if there is none.
func (all recording) of(r *http.Request) *authoring.Case {
	t := all[r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery]
	if t == nil {
		t = all[r.Method+" "+r.URL.Path]
	}
	if t == nil {
		return nil
	}
	n := min(t.next.Add(1)-1, int64(len(t.cases)-1))
	return t.cases[n]
}

// byReplay is what was recorded for a request.
func (m *Mock) byReplay(r *http.Request) *choice {
	if m.recording == nil {
		return nil
	}
	if c := m.recording.of(r); c != nil {
		return &choice{why: "replay: " + replayed(c), unasked: true, recorded: c}
	}
	return &choice{why: "replay: nothing was recorded for it", unasked: true, recorded: &authoring.Case{}}
}

// replayed is the name of a case for people.
func replayed(c *authoring.Case) string {
	if c.Name != "" {
		return c.Name
	}
	return c.Request.Method + " " + c.Request.Path
}

// replay is the response to a request that was recorded; it is not found otherwise.
func (m *Mock) replay(r *http.Request, c *authoring.Case) *response {
	res := m.newResponse(r)
	if c.Response.Status == 0 {
		res.outcome = parlance.Outcome{
			Kind: parlance.KindNotFound, Status: http.StatusNotFound, Detail: "Nothing was recorded for " + r.Method + " " + r.URL.Path,
		}
		return res
	}
	return m.verbatim(res, c)
}

// verbatim is a recorded response as it stands.
func (m *Mock) verbatim(res *response, c *authoring.Case) *response {
	res.raw, res.outcome = &c.Response, m.dialect.Decode(c.Request, c.Response).Outcome
	return res
}

// ofConnection are fields that the recorded connection had, and this one has of its own.
var ofConnection = []string{"Connection", "Content-Encoding", "Content-Length", "Date", "Keep-Alive", "Transfer-Encoding"}

// sendRaw sends a recorded response. It returns the status.
func sendRaw(w http.ResponseWriter, raw *dialect.Response) int {
	w.Header()["Content-Type"] = nil // it is not guessed
	if h, ok := raw.Header.(dialect.HeaderMap); ok {
		for name, values := range h {
			if !slices.Contains(ofConnection, name) {
				w.Header()[name] = values
			}
		}
	}
	status := raw.Status
	if status < 200 || status > 999 {
		status = http.StatusInternalServerError // it is no final one (RFC 9110, 15)
	}
	w.WriteHeader(status)
	if status != http.StatusNoContent && status != http.StatusNotModified {
		_, _ = w.Write(raw.Body) // an error here is a client that is gone
	}
	return status
}
