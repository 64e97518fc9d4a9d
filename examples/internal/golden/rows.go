package golden

import (
	"fmt"
	"maps"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// Rows checks the goldens of a service against the dialect's page. Every listed
// code must have a response in testdata with the meaning of its row. A code that
// the service cannot send needs a reason in without, under the page's code and
// kind: "204 noted". Every code of a range of up to ten counts. For a larger
// range or a class, any code will do.
func Rows(t testing.TB, name string, without map[string]string) {
	t.Helper()
	if *update {
		t.Skip("the goldens are being written")
	}
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no goldens", err)
	}
	var cases []authoring.Case
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, exchanges(file, string(text))...)
	}
	results := slices.DeleteFunc(authoring.Test(d, cases...).Results, func(r authoring.Result) bool {
		return !strings.HasSuffix(r.Name, ".golden") // a sample of the file itself
	})
	rows := slices.DeleteFunc(authoring.Codes(d), func(e authoring.Entry) bool { return e.Builtin || e.NotUsed })

	promised := kept(rows, results)
	for _, promise := range slices.Sorted(maps.Keys(promised)) {
		if reason, excused := without[promise]; promised[promise] == excused {
			t.Errorf("%s: %s: a response: %v, a reason why there is none: %q", name, promise, promised[promise], reason)
		}
	}
	for promise := range without {
		if _, there := promised[promise]; !there {
			t.Errorf("%s: the page has no %s", name, promise)
		}
	}
}

// kept is what rows promise, and for each whether a result keeps it.
func kept(rows []authoring.Entry, results []authoring.Result) map[string]bool {
	promised := map[string]bool{}
	for _, row := range rows {
		for _, code := range codes(row.Key, rows) {
			promise := strings.TrimSuffix(fmt.Sprintf("%s %v/%s", code, row.Kind, row.Reason), "/")
			promised[promise] = slices.ContainsFunc(results, func(r authoring.Result) bool { return keeps(r, row, code) })
		}
	}
	return promised
}

// keeps reports that a response has the code and means what its row says.
func keeps(r authoring.Result, row authoring.Entry, code string) bool {
	o := r.Outcome
	if r.Row != row.Line || o.Kind != row.Kind || o.Reason != row.Reason {
		return false
	}
	return code == row.Key || code == o.Code || code == strconv.Itoa(o.Status) || !isNumber(code)
}

// few is how many codes a range has whose every one counts.
const few = 10

// codes are those that a row is of, without those in a range that have a row of
// their own.
func codes(key string, rows []authoring.Entry) (all []string) {
	for _, code := range strings.Split(key, ", ") {
		first, last, ranged := strings.Cut(code, "-")
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		if !ranged || to-from > few {
			all = append(all, code)
			continue
		}
		for n := from; n <= to; n++ {
			one := strconv.Itoa(n)
			if !slices.ContainsFunc(rows, func(e authoring.Entry) bool { return e.Key == one }) {
				all = append(all, one)
			}
		}
	}
	return all
}

func isNumber(code string) bool {
	_, err := strconv.Atoi(code)
	return err == nil
}

// head is the first line of a message in a golden.
var head = regexp.MustCompile(`(?m)^(?:([A-Z]+) (/\S*)|(\d{3}) .*)\n(?:[A-Z][\w-]*: .*\n)*\n`)

// pause is what a Tape writes between two exchanges.
var pause = regexp.MustCompile(`(?m)^… .* later$`)

// exchanges are those of a golden, as write and Tape have written them.
func exchanges(file, text string) (all []authoring.Case) {
	places := head.FindAllStringSubmatchIndex(text, -1)
	var request dialect.Request
	for i, m := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		part := func(group int) string {
			if m[2*group] < 0 {
				return ""
			}
			return text[m[2*group]:m[2*group+1]]
		}
		_, lines, _ := strings.Cut(text[m[0]:m[1]], "\n")
		header := dialect.HeaderMap{}
		for line := range strings.Lines(strings.TrimSuffix(lines, "\n")) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			name = textproto.CanonicalMIMEHeaderKey(name)
			header[name] = append(header[name], value)
		}
		if part(1) != "" {
			path, _, _ := strings.Cut(part(2), "?")
			request = dialect.Request{Method: part(1), Path: path, Header: header}
			continue
		}
		status, _ := strconv.Atoi(part(3))
		body := strings.TrimSpace(pause.ReplaceAllString(text[m[1]:end], ""))
		all = append(all, authoring.Case{Name: file, Request: request, ReadsOnly: true,
			Response: dialect.Response{Status: status, Header: header, Body: []byte(body)}})
	}
	return all
}
