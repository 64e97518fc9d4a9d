package odata

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Write makes a multipart response of an Outcome with Items, if the request was a
// multipart batch. Each Item is written by the dialect. All stand side by side,
// since an Outcome has no change sets. It has no payloads of parts either. A
// service with payloads writes its batch itself and sends it as a server.Raw,
// which is left alone.
func (Batch) Write(d *dialect.Dialect, req dialect.Request, o *parlance.Outcome, m *dialect.Encoded) {
	if !isBatch(req) || !wanted(req.Header) || len(o.Items) == 0 || isMultipart(field(m, "Content-Type")) {
		return
	}
	kind, reason := whole(o.Items, false)
	if o.Kind.Failing() && !kind.Failing() {
		return // the parts would not say that the whole has failed
	}
	losses := lost(o, kind, reason, m)
	texts := make([][]byte, len(o.Items))
	headers := make([]textproto.MIMEHeader, len(o.Items))
	for i := range o.Items {
		it := &o.Items[i]
		inner := d.Encode(nil, dialect.Request{Now: req.Now}, &it.Outcome, dialect.Payload{})
		texts[i] = message(inner)
		headers[i] = textproto.MIMEHeader{"Content-Type": {application}, "Content-Transfer-Encoding": {"binary"}}
		at := "items[" + strconv.Itoa(i) + "]."
		switch {
		case isID(it.ID):
			headers[i].Set("Content-ID", it.ID)
		case it.ID != "":
			losses = append(losses, parlance.Loss{Attribute: at + "id", Reason: "it cannot stand in a Content-ID"})
		}
		if it.Index != i {
			losses = append(losses, parlance.Loss{Attribute: at + "index", Reason: "a part's place is its index"})
		}
		for _, l := range inner.Losses {
			losses = append(losses, parlance.Loss{Attribute: at + l.Attribute, Reason: l.Reason})
		}
	}
	boundary := boundaryFor(texts)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.SetBoundary(boundary) // of hexadecimal digits, which is one
	for i := range texts {
		p, _ := w.CreatePart(headers[i]) // a Buffer takes everything
		_, _ = p.Write(texts[i])
	}
	_ = w.Close()
	m.Header = slices.DeleteFunc(m.Header, func(p dialect.HeaderField) bool { return p.Name == "Content-Type" })
	m.Header = append(m.Header, dialect.HeaderField{Name: "Content-Type", Value: mixed + "; boundary=" + boundary}, dialect.HeaderField{Name: "OData-Version", Value: "4.0"})
	m.Status, m.Body, m.Losses = http.StatusOK, body.Bytes(), losses // 11.7: a batch gets 200
}

// wanted reports that the caller takes a multipart response: Accept says so, or
// names neither form and the request has that one itself (11.7.1). The response in
// JSON is the file's.
func wanted(header dialect.Header) bool {
	switch accept := strings.ToLower(first(header, "Accept")); {
	case strings.Contains(accept, mixed):
		return true
	case strings.Contains(accept, "application/json"):
		return false
	}
	return isMultipart(first(header, "Content-Type"))
}

// field is the first header field of that name; "" where there is none.
func field(m *dialect.Encoded, name string) string {
	for _, p := range m.Header {
		if strings.EqualFold(p.Name, name) {
			return p.Value
		}
	}
	return ""
}

// lost is what a batch does not say of the whole. Its own parts are all that it
// has, besides the header.
func lost(o *parlance.Outcome, kind parlance.Kind, reason parlance.Reason, m *dialect.Encoded) []parlance.Loss {
	var losses []parlance.Loss
	add := func(attribute, why string, so bool) {
		if so {
			losses = append(losses, parlance.Loss{Attribute: attribute, Reason: why})
		}
	}
	add("kind", "the records come to "+kind.String(), o.Kind != kind)
	add("reason", "the records do not come to it", o.Kind == kind && o.Reason != reason)
	add("status", "a batch gets 200", o.Status != 0 && o.Status != http.StatusOK)
	const nowhere = "a batch has no place for it but in its parts"
	add("code", nowhere, o.Code != "")
	add("family", nowhere, o.Family != "")
	add("title", nowhere, o.Title != "")
	add("detail", nowhere, o.Detail != "")
	add("type", nowhere, o.Type != "")
	add("instance", nowhere, o.Instance != "")
	add("fields", nowhere, len(o.Fields) > 0)
	add("notes", nowhere, len(o.Notes) > 0)
	add("retryable", nowhere, o.Retryable != 0)
	add("help", nowhere, o.Help != "")
	for _, l := range m.Losses {
		switch l.Attribute {
		case "request_id", "retry_after", "data": // as the file has it: the header stays, and a payload is no part's
			losses = append(losses, l)
		case "items": // the file has a payload in their place
			add("data", nowhere, len(m.Body) > 0 && o.Kind.Good())
		}
	}
	return losses
}

// message is a response as it stands in a part (RFC 9112, 2.1).
func message(m dialect.Encoded) []byte {
	if m.Status < 200 || m.Status > 999 {
		m.Status = http.StatusInternalServerError // an Outcome may claim what no response can
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", m.Status, http.StatusText(m.Status))
	for _, p := range m.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", p.Name, p.Value)
	}
	if len(m.Body) > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(m.Body))
	}
	b.WriteString("\r\n")
	b.Write(m.Body)
	return b.Bytes()
}

// isID reports that a text can be a Content-ID: an OData request-id has letters,
// digits and some marks; anything that is one visible word is passed on.
func isID(id string) bool {
	return id != "" && len(id) <= 1000 && strings.IndexFunc(id, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

// boundaryFor is a boundary that stands in none of the texts. It is the same for
// the same texts, so that a response can be compared with another.
func boundaryFor(texts [][]byte) string {
	h := fnv.New64a()
	for _, t := range texts {
		h.Write(t)
	}
	for sum := h.Sum64(); ; sum++ {
		boundary := fmt.Sprintf("batch_%016x", sum)
		if !slices.ContainsFunc(texts, func(t []byte) bool { return bytes.Contains(t, []byte(boundary)) }) {
			return boundary
		}
	}
}
