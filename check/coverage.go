package check

import (
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// Coverage is how many of the codes that a file documents were seen.
type Coverage struct {
	Seen    int          `json:"seen"`
	Total   int          `json:"total"`
	Missing []Documented `json:"missing,omitempty"` // in the order of the file
}

// Documented is one code of the file: a status, a code in a body, or a class or range of
// them.
type Documented struct {
	Code  string `json:"code"`
	Means string `json:"means"`          // the kind and the reason
	When  string `json:"when,omitempty"` // its conditions, in words
	Line  string `json:"line"`           // as file:line
}

// covered is what was seen of the rows of a file.
type covered struct {
	rows []coveredRow
	left atomic.Int64 // codes that were not seen
}

type coveredRow struct {
	entry authoring.Entry
	codes []string
	seen  []atomic.Bool
}

func newCovered(d *dialect.Dialect) *covered {
	c := &covered{}
	for _, e := range authoring.Codes(d) {
		row := coveredRow{entry: e}
		if !e.NotUsed { // the page says that it is never sent
			for code := range strings.SplitSeq(e.Key, ",") {
				row.codes = append(row.codes, strings.TrimSpace(code))
			}
		}
		row.seen = make([]atomic.Bool, len(row.codes))
		c.left.Add(int64(len(row.codes)))
		c.rows = append(c.rows, row)
	}
	return c
}

// saw notes the rows of a response and of its records.
func (c *covered) saw(l *look) {
	if c.left.Load() == 0 {
		return
	}
	o := &l.read.Outcome
	if l.row != nil {
		c.mark(l.row.Place, o.Code, l.x.Response.Status)
	}
	for i := range o.Items {
		it := &o.Items[i].Outcome
		if row := l.c.index.Row(&l.x.Request, it); row != nil {
			c.mark(row.Place, it.Code, it.Status)
		}
	}
}

// mark notes the code of a row: the one that came, else the first that is a class, a range
// or a glob.
func (c *covered) mark(place int, code string, status int) {
	if place < 0 || place >= len(c.rows) {
		return
	}
	row := &c.rows[place]
	at := 0
	if len(row.codes) > 1 {
		at = row.which(code, status)
	}
	if at < len(row.seen) && !row.seen[at].Load() && row.seen[at].CompareAndSwap(false, true) {
		c.left.Add(-1)
	}
}

func (r *coveredRow) which(code string, status int) int {
	text := strconv.Itoa(status)
	for i, one := range r.codes {
		if one == code || one == text {
			return i
		}
	}
	for i, one := range r.codes {
		if strings.ContainsAny(one, "*x") || strings.Contains(one, "-") || strings.Contains(one, "..") {
			return i
		}
	}
	return 0
}

// Coverage is what was seen until now.
func (c *Checker) Coverage() (all Coverage) {
	for i := range c.covered.rows {
		row := &c.covered.rows[i]
		for j, code := range row.codes {
			all.Total++
			if row.seen[j].Load() {
				all.Seen++
				continue
			}
			means := row.entry.Kind.String()
			if row.entry.Reason != "" {
				means += "/" + string(row.entry.Reason)
			}
			all.Missing = append(all.Missing, Documented{code, means, row.entry.When, row.entry.Line})
		}
	}
	return all
}
