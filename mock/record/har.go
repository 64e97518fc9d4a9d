package record

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"
)

// HAR writes exchanges as an HTTP Archive 1.2. After each of them the file is a whole
// archive, so that nothing is lost if the process dies.
func HAR(w io.WriteSeeker) Writer { return &har{to: w} }

type har struct {
	to  io.WriteSeeker
	any bool // an entry was written
}

const (
	harHead = `{"log":{"version":"1.2","creator":{"name":"parlance","version":"1"},"entries":[`
	harTail = "\n]}}\n"
)

// harPair is a header field or a parameter.
type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harEntry struct {
	Started  string      `json:"startedDateTime"`
	Time     float64     `json:"time"` // in milliseconds
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	Version     string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	Query       []harPair `json:"queryString"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int       `json:"bodySize"`
}

type harResponse struct {
	Status      int        `json:"status"`
	Text        string     `json:"statusText"`
	Version     string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	Redirect    string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int        `json:"bodySize"`
}

type harContent struct {
	Size int    `json:"size"`
	Type string `json:"mimeType"`
	Text string `json:"text"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// Write writes an entry over the end of the archive, and the end behind it.
func (h *har) Write(x *Exchange) error {
	took := float64(x.Took) / float64(time.Millisecond)
	entry, err := json.Marshal(harEntry{
		Started: x.At.Format(time.RFC3339Nano), Time: took, Timings: harTimings{Wait: took},
		Request: harRequest{
			Method: x.Method, URL: x.URL.String(), Version: "HTTP/1.1", Cookies: []harPair{}, Headers: pairs(x.RequestHeader),
			Query: pairs(http.Header(x.URL.Query())), HeadersSize: -1, BodySize: -1,
		},
		Response: harResponse{
			Status: x.Status, Text: http.StatusText(x.Status), Version: "HTTP/1.1", Cookies: []harPair{}, Headers: pairs(x.ResponseHeader),
			Content:  harContent{Size: len(x.Body), Type: x.ResponseHeader.Get("Content-Type"), Text: string(x.Body)},
			Redirect: x.ResponseHeader.Get("Location"), HeadersSize: -1, BodySize: -1,
		},
	})
	if err != nil {
		return err
	}
	return h.put(entry)
}

// put puts an entry before the end; nil is none.
func (h *har) put(entry []byte) error {
	text, begun := []byte(nil), h.any
	if begun {
		if _, err := h.to.Seek(-int64(len(harTail)), io.SeekCurrent); err != nil {
			return err
		}
		text = append(text, ',')
	} else {
		text = append(text, harHead...)
	}
	h.any = true
	text = append(append(append(text, '\n'), entry...), harTail...)
	_, err := h.to.Write(text)
	return err
}

// Close writes an archive without entries if there were none.
func (h *har) Close() error {
	if h.any {
		return nil
	}
	return h.put(nil)
}

// pairs are fields in the order of their names.
func pairs(h http.Header) []harPair {
	all := []harPair{}
	for name, values := range h {
		for _, v := range values {
			all = append(all, harPair{name, v})
		}
	}
	slices.SortStableFunc(all, func(a, b harPair) int {
		switch {
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	return all
}
