package authoring

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// MissingPath reports that a response was read without the path of its request, although
// the path decides what it means or whether a retry is safe. It returns one warning at
// most, with such a path.
func MissingPath(d *dialect.Dialect, req dialect.Request, res dialect.Response) []parlance.Diagnostic {
	if req.Path != "" || len(d.Internal().PathGlobs) == 0 {
		return nil
	}
	var found remarks
	without := taking(d, req, res)
	for path := range somePaths(d) {
		req.Path = path
		if with := taking(d, req, res); with != without {
			found.note("missing_path", "the path of the request is not given: on a path such as %q it %s", path, with.beside(without))
			break
		}
	}
	return found.all
}

// MissingPathToWrite is MissingPath for a response that was written: on another path it
// has another status or body.
func MissingPathToWrite(d *dialect.Dialect, req dialect.Request, o *parlance.Outcome, data dialect.Payload) []parlance.Diagnostic {
	if req.Path != "" || len(d.Internal().PathGlobs) == 0 {
		return nil
	}
	var found remarks
	without := d.Encode(nil, req, o, data)
	for path := range somePaths(d) {
		req.Path = path
		if with := d.Encode(nil, req, o, data); with.Status != without.Status || !bytes.Equal(with.Body, without.Body) {
			found.note("missing_path", "the path of the request is not given: on a path such as %q another response is written", path)
			break
		}
	}
	return found.all
}

// somePaths are paths that the dialect tells apart, one for each of its globs.
func somePaths(d *dialect.Dialect) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, g := range d.Internal().PathGlobs {
			if !yield("/" + strings.TrimLeft(strings.ReplaceAll(strings.TrimPrefix(g, "*"), "*", "x"), "/")) {
				return
			}
		}
	}
}

// remarks are what is said of a response.
type remarks struct{ all []parlance.Diagnostic }

func (r *remarks) note(rule, format string, args ...any) {
	r.all = append(r.all, parlance.Diagnostic{Rule: rule, Severity: parlance.SeverityWarning, Message: keyfile.Complain(format, args...), Why: spec.WhyOf(rule)})
}

// taken is what a response was taken for, as far as it can be compared.
type taken struct {
	kind          parlance.Kind
	reason        parlance.Reason
	act           parlance.Act
	safe          bool
	texts         string
	fields, items int
}

func taking(d *dialect.Dialect, req dialect.Request, res dialect.Response) taken {
	o := d.Decode(req, res).Outcome
	p := d.Decide(req, &o)
	return taken{o.Kind, o.Reason, p.Act, p.RetrySafe, o.Code + "\n" + o.Family + "\n" + o.Detail, len(o.Fields), len(o.Items)}
}

// beside says what one is in which it differs from another.
func (t taken) beside(o taken) string {
	switch {
	case t.kind != o.kind:
		return "means " + t.kind.String()
	case t.reason != o.reason:
		return fmt.Sprintf("has the reason %q", t.reason)
	case t.items != o.items:
		return "lists other records"
	case t.safe && !o.safe:
		return "is safe to retry"
	case o.safe && !t.safe:
		return "is not safe to retry"
	case t.act != o.act:
		return "asks to " + t.act.String()
	}
	return "has other texts"
}
