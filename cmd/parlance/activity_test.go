package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
	"github.com/parlance-api/parlance/store/sqlite"
)

// aRecord is a request that asked another service twice, and failed.
func aRecord() *activity.Record {
	at := time.Date(2026, 9, 21, 10, 0, 0, 123_000_000, time.UTC)
	return &activity.Record{
		ID: "id-1", Trace: "0af7651916cd43dd8448eb211c80319c", Start: at, Took: 1212 * time.Millisecond,
		Method: "PUT", Route: "PUT /orders/{id}", Path: "/orders/7", Caller: "ann", Status: 503,
		Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, Status: 503, Title: "Service Unavailable", RequestID: "id-1", RetryAfter: time.Minute},
		Request: []byte(`{"/order/id":7}`), Response: []byte(`{"/error/status":503}`),
		Calls: []activity.Call{
			{
				Start: at.Add(3 * time.Millisecond), Took: 200 * time.Millisecond, Dialect: "vms", Method: "POST", Host: "stock.test", Path: "/seats", Attempt: 1,
				Outcome: parlance.Outcome{Kind: parlance.KindRateLimited, Status: 429, RequestID: "theirs-1"}, Act: parlance.ActRetry, Why: "it says when to come back",
			},
			{
				Start: at.Add(1203 * time.Millisecond), Took: time.Millisecond, Dialect: "vms", Method: "POST", Host: "stock.test", Path: "/seats", Attempt: 2,
				Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonRefused, Code: "7"}, Act: parlance.ActStop, Why: "no attempt is left",
			},
		},
		Lines: []activity.Line{
			{Time: at.Add(time.Millisecond), Level: slog.LevelInfo, Message: "order read", Attrs: []string{"order.id=7"}},
			{Time: at.Add(1210 * time.Millisecond), Level: slog.LevelError, Message: "request \x1b[31mfailed", Attrs: []string{"error=no seat\nleft"}},
		},
		Dropped: 4,
	}
}

// keep is a file with a record in it.
func keep(t *testing.T, r *activity.Record) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "server.db")
	s, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Activity().Add(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheStoryOfARequestIsToldToPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	file := keep(t, aRecord())
	const want = `activity      id-1
  time        2026-09-21 10:00:00.123 UTC, took 1.2s
  request     PUT /orders/7
  route       PUT /orders/{id}
  caller      ann
  trace       0af7651916cd43dd8448eb211c80319c
  asked       {"/order/id":7}
outcome       unavailable
  status      503
  title       Service Unavailable
  come back   after 1m
  response    {"/error/status":503}
call 1        429 rate_limited  in 200ms, at +3ms
  to          POST stock.test/seats
  dialect     vms
  attempt     1
  request ID  theirs-1
  retry       it says when to come back
call 2        unavailable/refused, code 7  in 1ms, at +1.2s
  to          POST stock.test/seats
  dialect     vms
  attempt     2
  stop        no attempt is left
log           2 lines
  +1ms        INFO   order read
              order.id=7
  +1.2s       ERROR  request \x1b[31mfailed
              error=no seat
              left
dropped       4 more, lines for the most part: there were too many to keep
`
	stdout, stderr, exit := invoke(t, "", "activity", "id-1", "--store", file)
	if exit != exitClean || stderr != "" || stdout != want {
		t.Errorf("exit %d\n%s%s\nwant\n%s", exit, stdout, stderr, want)
	}
	stdout, stderr, exit = invoke(t, "", "activity", "id-1", "--store", file, "--json")
	var got *activity.Record
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || exit != exitClean || stderr != "" || !reflect.DeepEqual(got, aRecord()) {
		t.Errorf("exit %d, %v\n%s%s", exit, err, stdout, stderr)
	}
}

func TestAStoryHasColoursWhereTheyAreWanted(t *testing.T) {
	t.Parallel()
	file := keep(t, aRecord())
	for _, none := range []string{"", "1"} {
		var out, errs bytes.Buffer
		getenv := func(name string) string { return map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": none}[name] }
		run(context.Background(), []string{"activity", "id-1", "--store", file}, getenv, strings.NewReader(""), &out, &errs)
		if coloured := strings.Contains(out.String(), "\x1b[31mERROR"); coloured != (none == "") || none != "" && strings.Contains(out.String(), "\x1b") {
			t.Errorf("NO_COLOR=%s: %q", none, out.String())
		}
	}
}

func TestABareRecordIsToldToo(t *testing.T) {
	t.Parallel()
	file := keep(t, &activity.Record{ID: "bare", Method: "GET", Path: "/", Calls: []activity.Call{{}}, Lines: []activity.Line{{Message: "hi"}}})
	const want = `activity      bare
  request     GET /
call 1        not known  in <1ms
log           1 line
              INFO   hi
`
	if stdout, _, _ := invoke(t, "", "activity", "bare", "--store", file); stdout != want {
		t.Errorf("got\n%s\nwant\n%s", stdout, want)
	}
}

func TestWhereThereIsNoStoryItIsSaidWhatToDo(t *testing.T) {
	t.Parallel()
	file := keep(t, aRecord())
	for args, want := range map[string]string{
		"activity":                          "parlance: --store is empty\nhint: name the SQLite file",
		"activity id-1 id-2":                "parlance: parlance activity takes",
		"activity --store nowhere.db":       "parlance: --store: there is no file nowhere.db\nhint: name the SQLite file",
		"activity --store activity.go":      "damaged or is not a database",
		"activity --most 0 --store " + file: "parlance: --most must be 1 or more",
		"activity id-1":                     "parlance: --store is empty\nhint: name the SQLite file",
		"activity id-2 --store " + file:     "parlance: no request has the id \"id-2\"\nhint: look whether it is whole",
		"activity id-1 --store nowhere.db":  "parlance: --store: there is no file nowhere.db\nhint: name the SQLite file",
		"activity id-1 --store activity.go": "damaged or is not a database",
	} {
		if stdout, stderr, exit := invoke(t, "", strings.Fields(args)...); exit != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d\n%s%s", args, exit, stdout, stderr)
		}
	}
}

func TestTheStoryIsFoundInPostgres(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	for args, want := range map[string]string{
		"id-1":              `the schema "parlance" of this database has no Parlance tables`,
		"id-1 --schema own": `the schema "own" of this database has no Parlance tables`,
	} {
		if _, stderr, exit := invoke(t, "", append([]string{"activity", "--store", pg.URL}, strings.Fields(args)...)...); exit != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d: %s", args, exit, stderr)
		}
	}
	s, err := postgres.Open(t.Context(), pg.URL, postgres.WithSchema("own"), postgres.WithTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Activity().Add(t.Context(), aRecord()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, exit := invoke(t, "", "activity", "id-1", "--json", "--store", pg.URL, "--schema", "own")
	var got *activity.Record
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || exit != exitClean || stderr != "" || !reflect.DeepEqual(got, aRecord()) {
		t.Errorf("exit %d, %v\n%s%s", exit, err, stdout, stderr)
	}
	if _, stderr, exit := invoke(t, "", "activity", "id-2", "--store", pg.URL, "--schema", "own"); exit != exitUsage || !strings.Contains(stderr, `no request has the id "id-2"`) {
		t.Errorf("exit %d: %s", exit, stderr)
	}
}

func TestThePasswordOfAStoreIsNeverTold(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://desk:hunter2@127.0.0.1:1/shop",
		"postgres://desk:hunter2@nowhere.invalid/shop",
		"postgres://desk:hunter2%@127.0.0.1:1/shop",          // no escape
		"postgres://desk:hunter2@127.0.0.1:none/shop",        // no port
		"postgres://desk:hunter2@127.0.0.1:1/shop?sslmode=x", // no such mode
		"postgresql://127.0.0.1:1/shop?user=desk&password=hunter2",
		"postgres://desk:hunter2 hunter2@127.0.0.1:1/sh op",
	} {
		for _, command := range []string{"activity id-1", "gateway --upstream http://localhost --speaks vms"} {
			stdout, stderr, exit := invoke(t, "", append(strings.Fields(command), "--store", url)...)
			if exit != exitUsage || !strings.Contains(stderr, "--store: ") || strings.Contains(stdout+stderr, "hunter2") {
				t.Errorf("%s of %s: exit %d\n%s%s", command, url, exit, stdout, stderr)
			}
		}
	}
}

// failed is a request that failed after another one.
func failed(id string, minutes int, kind parlance.Kind, status int) *activity.Record {
	return &activity.Record{
		ID: id, Start: time.Date(2026, 9, 21, 10, minutes, 0, 0, time.UTC), Method: "GET", Path: "/orders/" + id, Status: status,
		Outcome: parlance.Outcome{Kind: kind, Status: status},
	}
}

func TestARequestIsFoundByTheRequestIDOfAServiceBehind(t *testing.T) {
	t.Parallel()
	file, pg := t.TempDir()+"/server.db", pgtest.Start(t)
	line := failed("by-line", 3, parlance.KindBadGateway, 502)
	line.Lines = []activity.Line{{Message: "request failed", Attrs: []string{`upstream_request_id=their "2"`}}}
	other := failed("mentions", 4, parlance.KindInternal, 500)
	other.Path = "/orders/theirs-1" // which is no request ID
	fillStores(t, file, pg.URL, aRecord(), line, other)
	for _, store := range []string{file, pg.URL} {
		for id, want := range map[string]string{"theirs-1": "activity      id-1\n", `their "2"`: "activity      by-line\n"} {
			if stdout, stderr, exit := invoke(t, "", "activity", id, "--store", store); exit != exitClean || !strings.HasPrefix(stdout, want) {
				t.Errorf("%s: exit %d\n%s%s", id, exit, stdout, stderr)
			}
		}
		if _, stderr, exit := invoke(t, "", "activity", "theirs", "--store", store); exit != exitUsage || !strings.Contains(stderr, `no request has the id "theirs"`) {
			t.Errorf("exit %d: %s", exit, stderr)
		}
	}
}

func TestTheLatestFailuresAreListed(t *testing.T) {
	t.Parallel()
	file, pg := t.TempDir()+"/server.db", pgtest.Start(t)
	left := failed("left", 4, parlance.KindFailed, 499)
	left.Outcome.Reason = parlance.ReasonCanceled
	fillStores(t, file, pg.URL, failed("fine", 5, parlance.KindSuccess, 200), failed("late", 9, parlance.KindNotFound, 404),
		left, failed("cut", 3, parlance.KindInternal, 0), failed("old", 1, parlance.KindTimeout, 504))
	const want = `2026-09-21 10:09:00  404 not_found             GET /orders/late  late
2026-09-21 10:04:00  499 failed/canceled       GET /orders/left  left
2026-09-21 10:03:00  -   internal              GET /orders/cut  cut
`
	for _, store := range []string{file, pg.URL} {
		if stdout, stderr, exit := invoke(t, "", "activity", "--most", "3", "--store", store); exit != exitClean || stdout != want {
			t.Errorf("exit %d\n%s%s\nwant\n%s", exit, stdout, stderr, want)
		}
		stdout, stderr, exit := invoke(t, "", "activity", "--json", "--store", store)
		if exit != exitClean || strings.Count(stdout, "\n") != 4 || !strings.HasPrefix(stdout, `{"id":"late"`) {
			t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
		}
	}
	if stdout, _, exit := invoke(t, "", "activity", "--store", keep(t, failed("fine", 5, parlance.KindSuccess, 200))); exit != exitClean || stdout != "no request failed\n" {
		t.Errorf("exit %d: %s", exit, stdout)
	}
}

func TestTheStoryOfAReplayNamesTheOriginal(t *testing.T) {
	t.Parallel()
	r := failed("again", 1, parlance.KindConflict, 409)
	r.Original = "first"
	if stdout, _, exit := invoke(t, "", "activity", "again", "--store", keep(t, r)); exit != exitClean || !strings.Contains(stdout, "\n  replay of   first\n") {
		t.Errorf("exit %d\n%s", exit, stdout)
	}
}

// fillStores puts records into a file and a database.
func fillStores(t *testing.T, file, url string, all ...*activity.Record) {
	t.Helper()
	one, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	two, err := postgres.Open(t.Context(), url, postgres.WithTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []store.Store{one, two} {
		for _, r := range all {
			if err := s.Activity().Add(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
