package abi_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/lib/abi"
)

func TestAStreamIsReadAsItArrives(t *testing.T) {
	const (
		content = `data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hello"}}]}` + "\n\n"
		failure = `data: {"error":{"message":"overloaded","type":"service_unavailable_error","code":"server_is_overloaded"}}` + "\n\n"
		done    = "data: [DONE]\n\n"

		computes, stores = "/v1/chat/completions", "/v1/async/chat/completions"
	)
	openai := abi.New(catalogtest.Open(t, "openai"))
	for name, c := range map[string]struct {
		path   string
		text   string
		ending dialect.Ending
		failed bool
		want   string
	}{
		"one that ends well":          {computes, content + done, dialect.EndWhole, false, `"kind":"success" "stream":{"elements":2,"content":1,"ended":true}`},
		"one that begins so":          {computes, failure, dialect.EndLeft, true, `"kind":"unavailable" "retry_safe":true "stream":{"elements":1,"content":0,"failures":1`},
		"one that fails after":        {computes, content + failure, dialect.EndWhole, false, `"kind":"unavailable" "retry_safe":true "content":1`},
		"the same of what stores":     {stores, content + failure, dialect.EndWhole, false, `"kind":"unavailable" "retry_safe":false`},
		"one that its caller left":    {computes, content, dialect.EndLeft, false, `"kind":"noted"`},
		"one whose connection breaks": {computes, content, dialect.EndBroke, false, `"reason":"cut_off" "cut":true`},
	} {
		x := &abi.Exchange{Method: "POST", Path: c.path, Status: 200, Header: "Content-Type: text/event-stream\r\n"}
		s, err := openai.Stream(x)
		if err != nil || s == nil {
			t.Fatal(s, err)
		}
		if decided, _ := s.Feed(nil); decided {
			t.Errorf("%s: it is known before it begins", name)
		}
		if decided, failed := s.Feed([]byte(c.text)); !decided || failed != c.failed {
			t.Errorf("%s: known %t, failed %t; want true, %t", name, decided, failed, c.failed)
		}
		got := string(s.End(nil, c.ending))
		for want := range strings.FieldsSeq(c.want) {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s; want %s", name, got, want)
			}
		}
	}
}

func TestAResponseThatIsNoStreamHasNoReaderOfOne(t *testing.T) {
	openai := abi.New(catalogtest.Open(t, "openai"))
	s, err := openai.Stream(&abi.Exchange{Status: 200, Header: "Content-Type: application/json\r\n"})
	if s != nil || err != nil {
		t.Errorf("%v, %v; want neither", s, err)
	}
	if _, err := openai.Stream(&abi.Exchange{}); err == nil {
		t.Error("a status of 0 is taken")
	}
}
