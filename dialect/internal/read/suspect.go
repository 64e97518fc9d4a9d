package read

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// maxUnasked is how long the body of a good response that no shape is about may be, in bytes,
// to be searched for the mark of a failure. A longer one, up to maxMarked, is searched only if
// the first name in it is a mark, so that a success costs next to nothing.
const maxUnasked = 512

// suspicious reports that a good response that no shape is about can have the mark of a
// failure.
func (d *Reader) suspicious(req *wire.Request, res *wire.Response) bool {
	b := res.Body
	if res.Status >= 300 || len(b) < 2 || len(b) > maxUnasked && b[0] == '{' && b[1] == '"' && !d.Suspects.First[b[2]] {
		return false // as most are
	}
	return marks(d.Spec, b) && res.Status >= 200 && res.Status != 204 && req.Method != "HEAD" && !res.Cut && !wire.Untouched(res.Header)
}

// marks reports that a body has a name that is a mark.
func marks(d *spec.Spec, body []byte) bool {
	at := 0
	for at < len(body) && body[at] <= ' ' {
		at++
	}
	switch {
	case at == len(body) || len(body) > maxMarked:
		return false
	case body[at] == '<':
		return len(body) <= maxUnasked && slices.ContainsFunc(d.Suspects.Elements, func(name string) bool { return bytes.Contains(body, []byte(name)) })
	case body[at] != '{' && body[at] != '[':
		return false
	case len(body) <= maxUnasked:
		return named(body[at:], d.Suspects.Marks) || bytes.Contains(body, []byte(`\u`)) // a name may be written so
	}
	return body[at] == '{' && begins(body[at+1:], d.Suspects.Errors)
}

// Marked reports that a payload under a status has a member that is named as the mark of a
// failure, so that it may be read as one.
func (d *Reader) Marked(status int, payload []byte) bool {
	marks := d.PlanFor(status).Marks
	return len(marks) > 0 && named(payload, marks)
}

// named reports that a member in a body of JSON has one of the names, which stand between
// quotes.
func named(body []byte, names []string) bool {
	for at := 0; ; {
		i := bytes.IndexByte(body[at:], ':')
		if i < 0 {
			return false
		}
		end := at + i
		for at = end + 1; end > 0 && body[end-1] <= ' '; {
			end--
		}
		if end < 2 || body[end-1] != '"' {
			continue
		}
		for _, name := range names {
			if n := len(name); end >= n && body[end-2] == name[n-2] && string(body[end-n:end]) == name {
				return true
			}
		}
	}
}

// begins reports that the first name in an object is one of the names.
func begins(body []byte, names []string) bool {
	at := 0
	for at < len(body) && body[at] <= ' ' {
		at++
	}
	body = body[at:]
	for _, name := range names {
		if len(body) > len(name) && body[1] == name[1] && string(body[:len(name)]) == name {
			return true
		}
	}
	return false
}

// suspected reports that a good response that no shape is about has the mark of a failure,
// and takes the texts of that.
func (d *Reader) suspected(m *Matcher, req *wire.Request, res *wire.Response) bool {
	if len(d.Suspects.Shapes) == 0 || !d.suspicious(req, res) {
		return false
	}
	start := m.Mark()
	m.form = d.open(m, d.Suspects.Forms, res)
	m.limit = minSteps + stepsPerNode*len(m.Tree.Nodes)
	if m.form != formBroken && m.form != spec.FormNone && d.failed(m, d.Suspects.Shapes, nil, req, res, start) {
		return true
	}
	m.Back(start)
	return false
}

// short reports that a good response that no shape is about is short enough to be searched.
func (d *Reader) short(status int, header wire.Header) bool {
	if len(d.Suspects.Shapes) == 0 || status < 200 || status >= 300 {
		return false
	}
	size := wire.Values(header, "Content-Length")
	if len(size) != 1 || len(size[0]) > len("512") {
		return false
	}
	n, err := strconv.Atoi(size[0])
	media := wire.MediaType(header)
	return err == nil && n > 1 && n <= maxUnasked && (wire.IsJSON(media) || wire.IsXML(media) || d.Declares(media, spec.FormJSON) || d.Declares(media, spec.FormXML))
}
