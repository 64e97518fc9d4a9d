package mock_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/mock"
	"github.com/parlance-api/parlance/mock/scenario"
)

const scenariosPage = "../docs/scenarios.md"

// shownRun is a scenario of the page and what stands after it: the requests with what they
// are given, or one response.
type shownRun struct {
	line             int
	scenario, result string
	whole            bool // the result is a response
}

func shownRuns(t *testing.T) (all []shownRun) {
	t.Helper()
	page, err := os.ReadFile(scenariosPage)
	if err != nil {
		t.Fatal(err)
	}
	text, file := string(page), ""
	for _, at := range regexp.MustCompile("(?ms)^```(yaml|text|http)\n(.*?)^```$").FindAllStringSubmatchIndex(text, -1) {
		line, body := strings.Count(text[:at[0]], "\n")+1, text[at[4]:at[5]]
		switch language := text[at[2]:at[3]]; {
		case language == "yaml":
			if file != "" {
				t.Errorf("line %d: no result stands after the scenario before", line)
			}
			file = body
		case file == "":
			t.Errorf("line %d: no scenario stands before the result", line)
		default:
			all = append(all, shownRun{line, file, body, language == "http"})
			file = ""
		}
	}
	return all
}

func TestEveryExampleOfThePageOfScenariosIsTrue(t *testing.T) {
	t.Parallel()
	all := shownRuns(t)
	if len(all) < 8 {
		t.Fatalf("%d examples", len(all))
	}
	for _, e := range all {
		t.Run("line "+strconv.Itoa(e.line), func(t *testing.T) {
			t.Parallel()
			source := e.scenario
			if !scenario.Is([]byte(source)) {
				source = "scenario: x\n" + source
			}
			name, _, _ := scenario.DialectOf([]byte(source))
			d := open(t, cmp.Or(name, "vms"))
			s := compiled(t, d, source)
			if len(s.Warnings) > 0 {
				t.Error(s.Warnings)
			}
			synctest.Test(t, func(t *testing.T) { e.hold(t, d, s) })
		})
	}
}

// hold sends the requests of an example.
func (e *shownRun) hold(t *testing.T, d *dialect.Dialect, s *scenario.Scenario) {
	m := mock.New(d, mock.WithScenario(s))
	defer m.Close()
	transport := memhttp.Serve(t, m)
	transport.DisableKeepAlives = true // net/http repeats a GET if a connection that it kept is reset
	client := http.Client{Timeout: time.Hour, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if e.whole {
		e.holdWhole(t, &client)
		return
	}
	for line := range strings.Lines(e.result) {
		line = strings.TrimSpace(line)
		if wait, found := strings.CutSuffix(strings.TrimPrefix(line, "("), " pass)"); found {
			d, err := time.ParseDuration(wait)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(d)
			continue
		}
		call, want, _ := strings.Cut(line, "  ")
		method, path, _ := strings.Cut(call, " ")
		if got := seen(t, d, &client, method, path); got != strings.TrimSpace(want) {
			t.Errorf("%s\ngot  %s\nwant %s", call, got, strings.TrimSpace(want))
		}
	}
}

// seen is what a client sees of a response, in the words of the page.
func seen(t *testing.T, d *dialect.Dialect, client *http.Client, method, path string) string {
	t.Helper()
	req := request(t, method, "http://x"+path)
	began := time.Now()
	res, err := client.Do(req)
	took := time.Since(began)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "nothing within 1h"
	case err != nil:
		return "no response"
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Sprint(res.StatusCode, ", then the body breaks off")
	}
	text := strconv.Itoa(res.StatusCode)
	read := d.Decode(dialect.Request{Method: method, Path: path}, dialect.Response{Status: res.StatusCode, Header: dialect.HeaderMap(res.Header), Body: body})
	if read.Outcome.Code != "" && read.Outcome.Code != "invalid_request_error" && read.Outcome.Code != "api_error" {
		text += " " + read.Outcome.Code
	}
	if media := res.Header.Get("Content-Type"); media != "application/json" && media != "" {
		text += " as " + media
	}
	if s := read.Stream; s != nil {
		text += fmt.Sprintf(", after %d of %d elements", s.Content, s.Elements)
		if s.Cut {
			text += ", cut off"
		}
	}
	if took > 0 {
		text += " after " + took.String()
	}
	return text
}

// holdWhole compares a whole response: the status, the fields that are shown, and the body.
func (e *shownRun) holdWhole(t *testing.T, client *http.Client) {
	call, rest, _ := strings.Cut(e.result, "\n")
	method, path, _ := strings.Cut(call, " ")
	want, err := http.ReadResponse(bufio.NewReader(strings.NewReader(strings.ReplaceAll(rest, "\n", "\r\n"))), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(request(t, method, "http://x"+path))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	shown, _ := io.ReadAll(want.Body)
	var a, b any
	if errors.Join(json.Unmarshal(got, &a), json.Unmarshal(shown, &b)) != nil || !reflect.DeepEqual(a, b) || res.StatusCode != want.StatusCode {
		t.Errorf("got %d %s\nwant %d %s", res.StatusCode, got, want.StatusCode, shown)
	}
	for name := range want.Header {
		if res.Header.Get(name) != want.Header.Get(name) {
			t.Errorf("%s: got %q, want %q", name, res.Header.Get(name), want.Header.Get(name))
		}
	}
}

func TestThePageOfScenariosNamesEveryRuleFaultAndEndpoint(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(scenariosPage)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, r := range scenario.Rules() {
		words = append(words, "| `"+r.Name+"` |")
	}
	for _, f := range scenario.Faults() {
		words = append(words, "| `"+f.String()+"` |")
	}
	for _, endpoint := range []string{"GET /_mock/api/codes", "GET /_mock/api/next", "POST /_mock/api/next", "DELETE /_mock/api/next", "GET /_mock/api/log"} {
		words = append(words, "| `"+endpoint+"` |")
	}
	for _, w := range words {
		if !strings.Contains(string(page), w) {
			t.Errorf("the page does not have %s", w)
		}
	}
}
