package activity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/store/memory"
)

// kept is a store of what was added.
type kept struct {
	activity.Store // nil: what is not here is not asked for

	mu      sync.Mutex
	records []*activity.Record
}

func (k *kept) Add(_ context.Context, r *activity.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.records = append(k.records, r)
	return nil
}

// gather runs a request and returns its record.
func gather(t testing.TB, serve func(ctx context.Context, log *slog.Logger), options ...activity.Option) *activity.Record {
	t.Helper()
	store := new(kept)
	recorder := activity.NewRecorder(store, options...)
	ctx, c := recorder.Begin(activity.WithID(context.Background(), "id-1"), activity.Record{Method: "GET"})
	serve(ctx, slog.New(activity.NewHandler(slog.DiscardHandler)))
	c.End(nil)
	if err := recorder.Close(context.Background()); err != nil || len(store.records) != 1 {
		t.Fatal(len(store.records), "records,", err)
	}
	return store.records[0]
}

func TestLinesOfARequestAreGatheredThoughTheLogHasThemNot(t *testing.T) {
	t.Parallel()
	r := gather(t, func(ctx context.Context, log *slog.Logger) {
		log.DebugContext(ctx, "too fine")
		log.InfoContext(ctx, "plain", "n", 1, "text", "a b", slog.Group("g", "x", true), slog.Group("", "inline", 2), slog.Attr{})
		log.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").WarnContext(ctx, "deep", "c", 3)
		log.Error("of nobody")
		log.ErrorContext(context.WithoutCancel(ctx), "failed", "error", errors.New("disk full"), "who", fmt.Stringer(nil))
	})
	want := []string{
		"INFO plain [n=1 text=a b g.x=true inline=2]",
		"WARN deep [a=1 g.b=2 g.h.c=3]",
		"ERROR failed [error=disk full who=null]",
	}
	var got []string
	for _, l := range r.Lines {
		got = append(got, fmt.Sprint(l.Level, " ", l.Message, " ", l.Attrs))
		if l.Time.IsZero() {
			t.Errorf("%s has no time", l.Message)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.ID != "id-1" || r.Method != "GET" || r.Dropped != 0 {
		t.Errorf("got %+v", r)
	}
}

// A request does not wait for its lines to be written, and what is logged may be
// changed right after.
func TestALineSaysWhatWasWhenItWasLogged(t *testing.T) {
	t.Parallel()
	who := map[string]string{"name": "ann"}
	var price bytes.Buffer
	price.WriteString("7 €")
	r := gather(t, func(ctx context.Context, log *slog.Logger) {
		log.InfoContext(ctx, "first", "n", 1, "took", time.Second, "share", 0.5, "on", true, "at", time.Unix(0, 0).UTC())
		log.InfoContext(ctx, "second", "who", who)
		log.With("price", &price).InfoContext(ctx, "third", "n", 3)
		log.With("shop", "a").WithGroup("g").InfoContext(ctx, "fourth", "token", "t0k3n")
		who["name"] = "bob"
		price.Reset()
		log.InfoContext(ctx, "last: password=hunter2")
	})
	want := []string{
		"first [n=1 took=1s share=0.5 on=true at=1970-01-01 00:00:00 +0000 UTC]",
		`second [who={"name":"ann"}]`,
		"third [price=7 € n=3]",
		"fourth [shop=a g.token=[redacted]]",
		"last: password=[redacted] []",
	}
	var got []string
	for _, l := range r.Lines {
		got = append(got, fmt.Sprint(l.Message, " ", l.Attrs))
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestALogThatIsShorterThanTheStoryStaysSo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(activity.NewHandler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: noTime})))
	r := gather(t, func(ctx context.Context, _ *slog.Logger) {
		log.DebugContext(ctx, "fine")
		log.WarnContext(ctx, "odd")
	}, activity.WithLevel(slog.LevelDebug))
	if len(r.Lines) != 2 || out.String() != "level=WARN msg=odd activity_id=id-1\n" {
		t.Errorf("%d lines, log %q", len(r.Lines), &out)
	}
	log.InfoContext(activity.WithID(context.Background(), "x"), "not gathered, and too fine")
	if strings.Contains(out.String(), "too fine") {
		t.Errorf("log %q", &out)
	}
}

func TestTheLinesOfARequestAreBoundedAndHowItEndedIsKept(t *testing.T) {
	t.Parallel()
	many := func(ctx context.Context, log *slog.Logger) {
		for i := range 100 {
			log.InfoContext(ctx, strings.Repeat("x", 100), "i", i)
		}
		log.ErrorContext(ctx, "the end")
	}
	for name, c := range map[string]struct {
		option activity.Option
		lines  int
	}{
		"in number": {activity.WithLines(20, 1<<20), 16},
		"in bytes":  {activity.WithLines(1000, 2000), 15}, // 14 of 103 or 104, and the last
		"not":       {activity.WithLines(1000, 1<<20), 101},
		"at all":    {activity.WithLines(0, 0), 0},
	} {
		r := gather(t, many, c.option)
		if len(r.Lines) != c.lines || r.Dropped != 101-c.lines || c.lines > 0 && r.Lines[c.lines-1].Message != "the end" {
			t.Errorf("%s: %d lines are kept and %d dropped, want %d", name, len(r.Lines), r.Dropped, c.lines)
		}
	}
	r := gather(t, func(ctx context.Context, log *slog.Logger) {
		log.ErrorContext(ctx, strings.Repeat("ä", 10_000), "stack", strings.Repeat("s", 100_000))
	})
	if l := r.Lines[0]; len(l.Message) > 9000 || len(l.Attrs[0]) > 9000 || !strings.HasSuffix(l.Message, "ä…") {
		t.Errorf("a message of %d bytes and an attribute of %d are kept", len(l.Message), len(l.Attrs[0]))
	}
}

func TestCallsAndItemsAreBounded(t *testing.T) {
	t.Parallel()
	store := new(kept)
	recorder := activity.NewRecorder(store)
	ctx, c := recorder.Begin(context.Background(), activity.Record{})
	var all sync.WaitGroup
	for range 150 {
		all.Go(func() { activity.AddCall(ctx, activity.Call{Host: "h"}) })
	}
	all.Wait()
	items := make([]parlance.Item, 120)
	c.End(func(r *activity.Record) { r.Outcome = parlance.Outcome{Kind: parlance.KindPartial, Items: items} })
	c.End(nil)
	activity.AddCall(ctx, activity.Call{Host: "late"})
	recorder.Close(context.Background())
	r := store.records[0]
	if len(store.records) != 1 || len(r.Calls) != 100 || len(r.Outcome.Items) != 100 || r.Dropped != 70 || len(items) != 120 {
		t.Errorf("%d records, %d calls, %d items, %d dropped", len(store.records), len(r.Calls), len(r.Outcome.Items), r.Dropped)
	}
	if r.ID == "" || r.ID != activity.ID(ctx) {
		t.Errorf("the id is %q, that of the context %q", r.ID, activity.ID(ctx))
	}
}

func TestWhatIsKnownSoFarIsCommittedAndWhatComesLaterTakesItsPlace(t *testing.T) {
	t.Parallel()
	ctx, store := t.Context(), memory.New()
	story := store.Activity()
	recorder := activity.NewRecorder(story)
	log := slog.New(activity.NewHandler(slog.DiscardHandler))
	ctx, c := recorder.Begin(ctx, activity.Record{ID: "id-1"})
	log.InfoContext(ctx, "one")
	commit := func(ctx context.Context) error {
		return c.Commit(ctx, func(r *activity.Record) {
			r.Status, r.Outcome = 200, parlance.Outcome{Kind: parlance.KindSuccess, Notes: []string{"token=abc123"}}
		})
	}
	lost := errors.New("undone")
	for _, err := range []error{
		commit(ctx), // in no transaction
		store.Transact(ctx, func(ctx context.Context) error { return errors.Join(commit(ctx), lost) }),
	} {
		if err != nil && err.Error() != lost.Error() {
			t.Fatal(err)
		}
		if r, err := story.Find(ctx, "id-1"); !errors.Is(err, parlance.ErrNotFound) {
			t.Fatalf("nothing was committed, and found is %+v, %v", r, err)
		}
	}
	if err := store.Transact(ctx, commit); err != nil {
		t.Fatal(err)
	}
	activity.SetTrace(ctx, traceID)
	log.InfoContext(ctx, "two")
	r, err := story.Find(ctx, "id-1")
	if err != nil || r.Status != 200 || r.Trace != "" || len(r.Lines) != 1 || strings.Contains(fmt.Sprint(r), "abc123") {
		t.Errorf("committed is %+v, %v", r, err)
	}
	c.End(func(r *activity.Record) { r.Status = 201 })
	if err := recorder.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := store.Transact(ctx, commit); err != nil { // too late: all of it is there
		t.Fatal(err)
	}
	if r, err = story.Find(ctx, "id-1"); err != nil || r.Status != 201 || r.Trace != traceID || len(r.Lines) != 2 || r.Outcome.Kind != 0 {
		t.Errorf("at the end it is %+v, %v", r, err)
	}

	none := context.Background()
	activity.AddCall(none, activity.Call{})
	activity.SetTrace(none, traceID)
	if err := activity.CollectorOf(none).Commit(none, nil); err != nil {
		t.Error(err)
	}
}

// account is a value with parts.
type account struct {
	Name     string
	Password string `json:"pass_word"`
	Nested   map[string]any
}

func TestNoCredentialIsGathered(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	header := http.Header{"Authorization": {"Bearer " + secret}, "X-Auth-Token": {secret}, "Set-Cookie": {"s=" + secret}, "Accept": {"x/y"}}
	u, _ := url.Parse("https://me:hunter2@api.test/a?access_token=hunter2&page=1")
	request, _ := http.NewRequest("GET", u.String(), nil)
	request.Header = header
	var logged testlog.Log
	r := gather(t, func(ctx context.Context, _ *slog.Logger) {
		log := slog.New(activity.NewHandler(slog.NewJSONHandler(&logged, nil)))
		for _, name := range []string{"authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "token", "access_token", "refreshToken",
			"password", "PASSWORD_CONFIRMATION", "clientSecret", "api_key", "X-API-Key", "apiKey", "private-key", "credentials", "jwt", "Mine!"} {
			log.InfoContext(ctx, "m", name, secret)
			log.With(name, secret).InfoContext(ctx, "m")
			log.WithGroup("g").With(name, secret).InfoContext(ctx, "m")
			log.WithGroup(name).With("value", secret).InfoContext(ctx, "m", "other", secret)
			log.InfoContext(ctx, "m", slog.Group(name, "a", slog.GroupValue(slog.String("b", secret))))
			log.InfoContext(ctx, "m", "map", map[string]any{name: map[string]string{"a": secret}})
		}
		log.InfoContext(ctx, "m", "header", header, "url", u, "request", request, "of", *request.URL)
		log.InfoContext(ctx, "m", "account", account{"me", secret, map[string]any{"list": []any{map[string]any{"token": secret}, "Bearer " + secret}}})
		log.InfoContext(ctx, "m", "late", later{account{Password: secret}})
		for _, text := range []string{
			`Get "https://me:hunter2@api.test/": EOF`, "GET /a?token=hunter2&b=1", "token=hunter2", "password: hunter2, or", "bearer hunter2",
			"sent Authorization: Basic hunter2", "Authorization: Digest username=me, response=hunter2", "Cookie: a=1; session=hunter2",
			`{"api_key":"hunter2"}`, `{"api_key" : "a\"hunter2","b":1}`, `"{\"token\":\"hunter2\"}"`, "map[Authorization:[Bearer hunter2] Accept:[a]]",
			"{Password:hunter2 Name:me}", "token = 'hunter2'", "ftp://hunter2@host", "Basic aHVudGVyMg==hunter2", "postgres://u:a@b:hunter2@h/db",
			"access_token:bearer hunter2", `Get "https://api.test/a?page=1&key=hunter2": EOF`, "/blob?sv=1&sig=hunter2&se=2", "/cb?Code=hunter2", "X-Amz-Signature=hunter2", "the password=hunter2\nand more", "Authorization:hunter2",
		} {
			log.InfoContext(ctx, text)
			log.InfoContext(ctx, "m", "error", errors.New(text))
			log.InfoContext(ctx, "m", "bytes", []byte(text), "text", text, "list", []string{text})
			activity.AddCall(ctx, activity.Call{Path: text, Outcome: parlance.Outcome{
				Kind: parlance.KindInvalid, Detail: text, Notes: []string{text}, Fields: []parlance.Field{{Message: text}},
				Items: []parlance.Item{{Outcome: parlance.Outcome{Kind: parlance.KindFailed, Detail: text}}},
			}})
		}
	}, activity.WithSecrets("mine", "…"), activity.WithLines(10_000, 1<<30))
	if r.Dropped != 0 || len(r.Lines) < 100 || len(r.Calls) < 10 {
		t.Fatalf("%d lines, %d calls, %d dropped", len(r.Lines), len(r.Calls), r.Dropped)
	}
	for _, l := range r.Lines {
		if text := fmt.Sprint(l); strings.Contains(text, secret) {
			t.Errorf("a secret stands in %s", text)
		}
	}
	for line := range strings.Lines(logged.String()) {
		if strings.Contains(line, secret) && !strings.Contains(line, `"Mine!"`) {
			t.Errorf("a secret stands in the log: %s", line)
		}
	}
	if text := logged.String(); !strings.Contains(text, `"Accept":["x/y"]`) || !strings.Contains(text, "page=1") || !strings.Contains(text, `"Name":"me"`) {
		t.Errorf("too much is taken out of %s", text)
	}
	for _, c := range r.Calls {
		if text := fmt.Sprint(c); strings.Contains(text, secret) {
			t.Errorf("a secret stands in %s", text)
		}
	}
	if text := fmt.Sprint(r.Lines); !strings.Contains(text, `"Accept":["x/y"]`) || !strings.Contains(text, "page=1") || !strings.Contains(text, `"Name":"me"`) {
		t.Errorf("too much is taken out of %s", text)
	}
}

type later struct{ account }

func (l later) LogValue() slog.Value { return slog.AnyValue(l.account) }

func TestWhatIsNoCredentialStays(t *testing.T) {
	t.Parallel()
	texts := []string{
		"order 7 is paid", "at 12:30:01 by bearer of news", "basic rules apply", "main.go:12 and token.go:45 +0x1d", "see https://api.test/a?page=2",
		"a@b.test wrote: hello", "key=value", "code=404", "GET /a?monkey=1&keyboard=2", "https://api.test/users/@me", "",
	}
	r := gather(t, func(ctx context.Context, log *slog.Logger) {
		for _, text := range texts {
			log.InfoContext(ctx, text)
		}
	})
	for i, text := range texts {
		if r.Lines[i].Message != text {
			t.Errorf("%q became %q", text, r.Lines[i].Message)
		}
	}
}

func TestAValueThatPanicsEndsNoRequest(t *testing.T) {
	t.Parallel()
	r := gather(t, func(ctx context.Context, log *slog.Logger) {
		log.InfoContext(ctx, "m", "bad", panicking{}, "no form", func() {}, "nil", (*url.URL)(nil))
	})
	if got := fmt.Sprint(r.Lines[0].Attrs[:2]); got != "[bad=activity_test.panicking no form=func()]" {
		t.Error(got)
	}
}

type panicking struct{}

func (panicking) String() string { panic("no") }

func TestHandlerPassesTheSuiteOfSlogWhileItGathers(t *testing.T) {
	t.Parallel()
	gather(t, func(ctx context.Context, _ *slog.Logger) {
		var out bytes.Buffer
		h := under{ctx, activity.NewHandler(slog.NewJSONHandler(&out, nil))}
		err := slogtest.TestHandler(h, func() (all []map[string]any) {
			for line := range bytes.Lines(out.Bytes()) {
				var m map[string]any
				if err := json.Unmarshal(line, &m); err != nil {
					t.Fatal(err)
				}
				delete(m, activity.Key)
				all = append(all, m)
			}
			return all
		})
		if err != nil {
			t.Error(err)
		}
	})
}
