package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

// outboxRun is an outbox in a file, as commands see it.
type outboxRun struct {
	*testing.T
	file string
}

// does runs a command of the outbox and expects its exit code.
func (o outboxRun) does(want int, args ...string) (stdout, stderr string) {
	o.Helper()
	var out, errs bytes.Buffer
	args = append(append([]string{"outbox"}, args...), "--store", o.file)
	if got := run(o.Context(), args, o.env, strings.NewReader("from standard input"), &out, &errs); got != want {
		o.Errorf("%v: exit %d, want %d\n%s%s", args, got, want, out.Bytes(), errs.Bytes())
	}
	return out.String(), errs.String()
}

func (o outboxRun) env(name string) string {
	return map[string]string{"ACCOUNT": "shop:a-planted-secret", "TOKEN": "another-planted-secret"}[name]
}

// worker runs the outbox until its log has said that so many requests ended.
func (o outboxRun) worker(ended int, args ...string) string {
	o.Helper()
	ctx, stop := context.WithCancel(o.Context())
	defer stop()
	log := &endLog{left: ended, stop: stop}
	args = append([]string{"outbox", "run", "--store", o.file}, args...)
	if got := run(ctx, args, o.env, strings.NewReader(""), &bytes.Buffer{}, log); got != 0 {
		o.Errorf("run: exit %d", got)
	}
	return log.String()
}

// endLog calls stop when enough requests have ended.
type endLog struct {
	mu sync.Mutex
	bytes.Buffer
	left int
	stop func()
}

func (l *endLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left -= bytes.Count(b, []byte("a request has ended")); l.left == 0 {
		l.stop()
	}
	return l.Buffer.Write(b)
}

func TestAnOutboxFromTheCommandLine(t *testing.T) {
	t.Parallel()
	t.Run("in SQLite", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "shop.db")
		outboxFromTheCommandLine(t, file)
		text, err := os.ReadFile(file)
		if err != nil || len(text) == 0 {
			t.Fatal(err)
		}
		if planted(string(text)) {
			t.Error("the file has the secret")
		}
		if !strings.Contains(string(text), "customer 7") {
			t.Error("what is stored is not found, so a secret would not be either")
		}
	})
	t.Run("in PostgreSQL", func(t *testing.T) {
		t.Parallel()
		pg := pgtest.Start(t)
		outboxFromTheCommandLine(t, pg.URL)
		pg.Stop()
		for _, secret := range outboxSecrets {
			if pg.Holds(secret) {
				t.Errorf("the database has the secret %s", secret)
			}
		}
		if !pg.Holds("customer 7") {
			t.Error("what is stored is not found, so a secret would not be either")
		}
	})
}

// outboxSecrets are those of outboxRun.env, plain and as Basic has them.
var outboxSecrets = []string{"planted", "c2hvcDph"}

// planted finds a secret.
func planted(text string) bool {
	return slices.ContainsFunc(outboxSecrets, func(s string) bool { return strings.Contains(text, s) })
}

// outboxFromTheCommandLine puts, delivers, and looks after requests in a store.
func outboxFromTheCommandLine(t *testing.T, at string) {
	var mu sync.Mutex
	var seen []string
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Method+" "+r.URL.Path+" "+user)
		switch r.URL.Path {
		case "/fails":
			w.WriteHeader(500)
		case "/never":
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
		}
	}))
	defer vendor.Close()
	o := outboxRun{t, at}
	warehouse := []string{"--vendor", "warehouse=vision"}
	id, _ := o.does(0, append(warehouse, "put", vendor.URL+"/orders", "-d", "-")...)
	o.does(0, append(warehouse, "put", vendor.URL+"/fails", "-d", "x", "--order", "customer 7", "--id", "fails")...)
	o.does(0, append(warehouse, "put", vendor.URL+"/after", "--order", "customer 7", "--id", "after")...)
	o.does(0, append(warehouse, "put", vendor.URL+"/never", "--deadline", "2s", "--limit", "slow", "--id", "never")...)
	o.does(0, "cancel", "after")
	o.does(0, append(warehouse, "put", vendor.URL+"/again", "-X", "PUT", "--id", "again")...)

	log := o.worker(4, append(warehouse, "--user", "warehouse=env:ACCOUNT")...)
	for _, want := range []string{"state=delivered", "state=uncertain", "state=dead"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	mu.Lock()
	for _, want := range []string{"POST /orders shop", "POST /fails shop", "PUT /again shop"} {
		if !strings.Contains(strings.Join(seen, "\n"), want) {
			t.Errorf("the vendor saw %q, not %s", seen, want)
		}
	}
	mu.Unlock()

	if record, _, exit := invoke(t, "", "activity", "fails", "--store", at); exit != exitClean || !strings.Contains(record, "POST") || !strings.Contains(record, "state=uncertain") {
		t.Errorf("the record of a request that has ended: exit %d, %s", exit, record)
	}
	list, _ := o.does(0, "ls")
	for _, want := range []string{"delivered", "uncertain", "dead", "canceled", strings.TrimSpace(id)} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %s:\n%s", want, list)
		}
	}
	if list, _ := o.does(0, "ls", "--state", "uncertain", "--json"); strings.Count(list, "\n") != 1 || !json.Valid([]byte(list)) || !strings.Contains(list, `"id":"fails"`) {
		t.Errorf("the uncertain ones are %s", list)
	}
	story, _ := o.does(0, "show", "fails")
	for _, want := range []string{"uncertain", "attempt 1", "500 Internal Server Error", "an attempt may have had an effect", "vision.yaml:"} {
		if !strings.Contains(story, want) {
			t.Errorf("the story lacks %s:\n%s", want, story)
		}
	}
	if out, _ := o.does(0, "resolve", "fails", "delivered", "--why", "the warehouse has it"); out != "fails is delivered\n" {
		t.Error(out)
	}
	if out, _ := o.does(0, "retry", "never", "again"); out != "never is waiting\nagain is waiting\n" {
		t.Error(out)
	}
	if list, _ := o.does(0, "ls", "never", "fails", "--state", "waiting"); strings.Count(list, "\n") != 1 || !strings.Contains(list, "never") {
		t.Errorf("those of the IDs that wait are %s", list)
	}
	o.does(0, "erase", "fails")
	export, _ := o.does(0, "export")
	if strings.Count(export, "\n") != 5 || !strings.Contains(export, "the warehouse has it") || !strings.Contains(export, `"story":[`) {
		t.Errorf("export %s", export)
	}

	for name, where := range map[string]string{"the export": export, "the log": log, "the story": story} {
		if planted(where) {
			t.Errorf("%s has the secret", name)
		}
	}
}

func TestTheOutboxSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	o := outboxRun{t, filepath.Join(t.TempDir(), "shop.db")}
	o.does(0, "put", "http://vendor.test/x", "--vendor", "warehouse=vision", "--id", "one")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"put", "http://vendor.test/x"}, "put needs one --vendor"},
		{[]string{"put", "/x", "--vendor", "warehouse=vision"}, "absolute http or https URL"},
		{[]string{"put", "http://vendor.test/x", "--vendor", "warehouse"}, "is not NAME=DIALECT"},
		{[]string{"put", "http://vendor.test/x", "--vendor", "w=nothing"}, "nothing"},
		{[]string{"put", "http://vendor.test/x", "--vendor", "w=vision", "-H", "Authorization: Bearer planted-secret"}, "has a credential in it"},
		{[]string{"put", "http://vendor.test/x", "--vendor", "w=vision", "--id", "one"}, "already exists"},
		{[]string{"put", "http://vendor.test/x", "--vendor", "w=vision", "-d", "@not-there"}, "--data"},
		{[]string{"run"}, "no vendor is named"},
		{[]string{"run", "--vendor", "w=vision", "--token", "other=env:TOKEN"}, `the vendor "other"`},
		{[]string{"run", "--vendor", "w=vision", "--token", "w=planted-secret"}, "the place of the secret"},
		{[]string{"show", "two"}, `"two"`},
		{[]string{"resolve", "one", "delivered"}, "--why is empty"},
		{[]string{"resolve", "one", "delivered", "--why", "x"}, "has not ended"},
		{[]string{"resolve", "one", "gone", "--why", "x"}, "delivered, refused or canceled"},
		{[]string{"erase", "one"}, "has not ended"},
		{[]string{"retry", "two"}, `"two"`},
		{[]string{"ls", "--state", "lost"}, "the states are waiting"},
		{[]string{"ls", "--kind", "rate"}, "the kinds are success"},
	} {
		_, errs := o.does(2, c.args...)
		if !strings.Contains(errs, c.want) || !strings.Contains(errs, "hint: ") || strings.Contains(errs, "planted") {
			t.Errorf("%v says %s, want %s", c.args, errs, c.want)
		}
	}
	if _, errs := o.does(2, "put", "http://vendor.test/x", "--vendor", "w=vision", "-H", "Authorization: Bearer planted-secret"); !strings.Contains(errs, "by --user or --token") {
		t.Error(errs)
	}
	db, err := sql.Open("sqlite", o.file)
	if err == nil {
		_, err = db.Exec("INSERT INTO parlance_schema VALUES (1000)")
		db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"ls"}, {"run", "--vendor", "w=vision"}} {
		if _, errs := o.does(2, args...); !strings.Contains(errs, "run a newer program") || !strings.Contains(errs, "hint: use the program that serves the store") {
			t.Error(errs)
		}
	}
	o.file = ""
	o.does(2, "ls")
	o.file = filepath.Join(t.TempDir(), "nothing.db")
	o.does(2, "ls")
}
