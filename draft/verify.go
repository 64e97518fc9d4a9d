package draft

import (
	"bytes"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// verify holds the file against its own responses and leaves out what does not
// hold, until there is nothing to complain of. Each round takes something away,
// so it ends.
func (d *drafted) verify() {
	for {
		d.read()
		findings := slices.DeleteFunc(authoring.Lint(d.name+".yaml", d.text(false)), func(f parlance.Diagnostic) bool { return f.Rule == "records_only" }) // a comment says what to do
		if len(findings) == 0 {
			return
		}
		if !d.relent(findings) {
			return
		}
	}
}

// read reads every response with the file as it stands.
func (d *drafted) read() {
	whole := d.samples
	d.samples = nil
	compiled, err := dialect.Compile(d.name+".yaml", d.text(false))
	d.samples = whole
	for _, s := range d.samples {
		s.outcome = nil
		if err != nil || !s.printable() {
			s.gone = s.gone || !s.printable()
			continue
		}
		reading := compiled.Decode(dialect.Request{Method: s.Method, Path: s.Path}, dialect.Response{Status: s.Status, Header: s.told(d), Body: bytes.TrimSuffix(s.Body, []byte("\n"))})
		s.outcome = &reading.Outcome
	}
}

// relent takes away what a complaint is about: first that a sample is written
// back, then the shape that reads it, then codes and headers, at last the
// sample. It reports false if nothing is left to take.
func (d *drafted) relent(findings []parlance.Diagnostic) bool {
	return d.takeBlamed(findings) || d.takeCode() || d.takeShape() || d.takeHeaders() || d.takeSamples()
}

// takeBlamed takes away one thing of each part that a finding is about.
func (d *drafted) takeBlamed(findings []parlance.Diagnostic) (done bool) {
	lines := d.places(string(d.text(false)))
	eased := map[*sample]bool{}
	for _, f := range findings {
		switch part := lines.of(f.Line); {
		case part.sample != nil && !eased[part.sample]:
			if part.sample.ease(f.Rule) {
				eased[part.sample], done = true, true // one thing at a time
			} else if !part.sample.gone && !done {
				part.sample.gone, done = true, true
			}
		case part.shape != nil && !part.shape.gone:
			part.shape.gone, done = true, true
		case part.extra != nil && !part.extra.gone:
			part.extra.gone, done = true, true
		}
	}
	return done
}

// ease asks less of a sample: it need not be written back, or the shape that reads
// it goes. It reports false if there is nothing to ease.
func (s *sample) ease(rule string) bool {
	switch {
	case rule == "sample_writes" && !s.readsOnly:
		s.readsOnly = true
	case s.shape != nil && !s.shape.gone:
		s.shape.gone = true
	default:
		return false
	}
	return true
}

// takeCode takes away the last code.
func (d *drafted) takeCode() bool {
	for i, r := range slices.Backward(d.rows) {
		if r.code {
			d.rows = slices.Delete(d.rows, i, i+1)
			return true
		}
	}
	return false
}

// takeShape takes away the first shape that holds.
func (d *drafted) takeShape() bool {
	for _, s := range d.standing() {
		s.gone = true
		return true
	}
	return false
}

func (d *drafted) takeHeaders() bool {
	took := len(d.headers) > 0
	d.headers = nil
	return took
}

func (d *drafted) takeSamples() (took bool) {
	for _, s := range d.samples {
		took = took || !s.gone
		s.gone = true
	}
	return took
}

// part is what a line of the file belongs to.
type part struct {
	line   int
	shape  *shape
	sample *sample
	extra  *extra
}

type parts []part

func (p parts) of(line int) part {
	var found part
	for _, one := range p {
		if one.line <= line {
			found = one
		}
	}
	return found
}

// places finds the lines on which the shapes and the samples begin. They stand
// in the order in which they are written.
func (d *drafted) places(text string) (all parts) {
	section, shapes, samples := "", d.standing(), d.kept()
	extras := d.settled()
	for i, line := range strings.Split(text, "\n") {
		switch {
		case line != "" && line[0] != ' ' && line[0] != '#':
			section = line
			one := part{line: i + 1}
			if len(extras) > 0 && strings.HasPrefix(line, extras[0].text) {
				one.extra, extras = extras[0], extras[1:]
			}
			all = append(all, one)
		case !strings.HasPrefix(line, "  - "):
		case section == "shapes:" && len(shapes) > 0:
			all = append(all, part{line: i + 1, shape: shapes[0]})
			shapes = shapes[1:]
		case section == "shapes:":
			all = append(all, part{line: i + 1}) // of the header
		case section == "samples:" && len(samples) > 0:
			all = append(all, part{line: i + 1, sample: samples[0]})
			samples = samples[1:]
		}
	}
	return all
}

// standing are the shapes that hold.
func (d *drafted) standing() []*shape {
	return slices.DeleteFunc(slices.Clone(d.shapes), func(s *shape) bool { return s.gone })
}

// kept are the samples that are put into the file.
func (d *drafted) kept() []*sample {
	return slices.DeleteFunc(slices.Clone(d.samples), func(s *sample) bool { return s.gone || s.outcome == nil })
}

// settled are the lines that hold for the whole API.
func (d *drafted) settled() []*extra {
	return slices.DeleteFunc(slices.Clone(d.extras), func(x *extra) bool { return x.gone })
}
