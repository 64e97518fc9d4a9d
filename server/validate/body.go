package validate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// read is the body of a request whose type is one of those, whole. The request
// then has it again.
func (c *config) read(w http.ResponseWriter, r *http.Request, usual ...string) ([]byte, *refusal) {
	types := usual
	if len(c.types) > 0 {
		types = c.types
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil, &refusal{key: "empty"}
	}
	timed := false
	if c.timeout > 0 {
		// It is taken back when the body is there. Where it is refused net/http still
		// reads what is left of it, and that must not take longer either.
		timed = http.NewResponseController(w).SetReadDeadline(time.Now().Add(c.timeout)) == nil
	}
	if refused := typed(w, r, types); refused != nil {
		return nil, refused
	}
	zipped, refused := c.encoded(w, r)
	if refused != nil {
		return nil, refused
	}
	if r.ContentLength > c.maxBytes {
		// Not one byte of it is read; the connection is not used again.
		w.Header().Set("Connection", "close")
		return nil, tooLarge(c.maxBytes, nil)
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, c.maxBytes))
	if err != nil {
		w.Header().Set("Connection", "close")
		return nil, unread(err)
	}
	if timed {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
	if zipped {
		if data, refused = c.inflate(data); refused != nil {
			return nil, refused
		}
		r.Header = r.Header.Clone()
		r.Header.Del("Content-Encoding")
		r.Header.Del("Content-Length")
	}
	give(r, data)
	return data, nil
}

// give is the body back to the request.
func give(r *http.Request, data []byte) {
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.ContentLength = int64(len(data))
	r.TransferEncoding = nil
}

func tooLarge(most int64, cause error) *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, reason: parlance.ReasonRequestTooLarge, key: "tooLarge", args: []any{most}, cause: cause}
}

// unread is why a body did not come to its end, by our bounds or by those of
// server.MaxBody and server.SlowBody.
func unread(err error) *refusal {
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return tooLarge(long.Limit, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{kind: parlance.KindTimeout, status: http.StatusRequestTimeout, key: "slow", cause: err} // RFC 9110, 15.5.9
	}
	return &refusal{key: "broken", cause: err}
}

// typed refuses a body of another type or in another character encoding.
func typed(w http.ResponseWriter, r *http.Request, types []string) *refusal {
	values := r.Header.Values("Content-Type")
	media, params, err := mime.ParseMediaType(strings.Join(values, ", "))
	ok := false
	for _, t := range types {
		ok = ok || ofType(media, t)
	}
	switch {
	case err != nil || len(values) != 1 || !ok:
		w.Header().Set("Accept", plain(types)) // RFC 9110, 15.5.16
		return &refusal{status: http.StatusUnsupportedMediaType, key: "contentType", args: []any{plain(types)}, cause: err}
	case params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8"):
		return &refusal{status: http.StatusUnsupportedMediaType, key: "charset"}
	}
	return nil
}

// ofType reports whether a media type is t, ends so (+json), or begins so (text/*).
func ofType(media, t string) bool {
	if begin, wild := strings.CutSuffix(t, "*"); wild {
		return t == "*/*" || strings.HasPrefix(media, begin)
	}
	return media == t || strings.HasPrefix(t, "+") && strings.HasSuffix(media, t)
}

// plain are the types without those that only end so.
func plain(types []string) string {
	var all []string
	for _, t := range types {
		if !strings.HasPrefix(t, "+") {
			all = append(all, t)
		}
	}
	return strings.Join(all, ", ")
}

// encoded reports whether the body is zipped, and refuses what is not taken.
func (c *config) encoded(w http.ResponseWriter, r *http.Request) (bool, *refusal) {
	switch encoding := strings.ToLower(strings.Join(r.Header.Values("Content-Encoding"), ",")); {
	case encoding == "", encoding == "identity":
		return false, nil
	case c.gzip && (encoding == "gzip" || encoding == "x-gzip"):
		return true, nil
	}
	accepted := "identity"
	if c.gzip {
		accepted = "gzip"
	}
	w.Header().Set("Accept-Encoding", accepted) // RFC 9110, 12.5.3
	return false, &refusal{status: http.StatusUnsupportedMediaType, key: "contentEncoding"}
}

// inflate unzips up to the limit of a body: a bomb is never held.
func (c *config) inflate(data []byte) ([]byte, *refusal) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, &refusal{key: "gzip", cause: err}
	}
	out, err := io.ReadAll(io.LimitReader(z, c.maxBytes+1))
	switch {
	case err != nil:
		return nil, &refusal{key: "gzip", cause: err}
	case int64(len(out)) > c.maxBytes:
		return nil, tooLarge(c.maxBytes, nil)
	}
	return out, nil
}

// failure is all that is wrong as one error, in the language of the request.
func (c *config) failure(w http.ResponseWriter, r *http.Request, reason parlance.Reason, refused *refusal, all []violation) error {
	if refused == nil && len(all) == 0 {
		return nil
	}
	s := c.texts.speaker(c.texts.choose(r, c))
	s.xml = reason == parlance.ReasonXML
	w.Header().Set("Content-Language", s.tag.String())
	w.Header().Add("Vary", "Accept-Language")
	if c.header != "" {
		w.Header().Add("Vary", c.header)
	}
	if refused != nil {
		return refused.error(s)
	}
	return c.invalid(s, reason, all)
}

// invalid is the error of data that break their schema.
func (c *config) invalid(s speaker, reason parlance.Reason, all []violation) *parlance.Error {
	fields := make([]parlance.Field, 0, min(len(all), c.maxFields))
	for _, v := range all[:min(len(all), c.maxFields)] {
		fields = append(fields, v.field(s))
	}
	detail := s.say([]string{"detail"})
	if s.xml && len(fields) > 0 {
		detail = fields[0].Message // such a response is one sentence
	}
	return parlance.NewError(parlance.KindInvalid, "%s", detail).WithReason(reason).WithFields(fields...)
}
