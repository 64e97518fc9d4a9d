package abi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/lib/abi"
)

// A retry under a key waits as long as the response asks.
func Example() {
	stripe, err := catalog.Open("stripe")
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := abi.New(stripe).Decide(nil, &abi.Exchange{
		Method: "POST", Path: "/v1/charges", Key: "k", Status: 429,
		Header: "Content-Type: application/json\r\nRetry-After: 7\r\n", Body: []byte(`{"error":{"type":"rate_limit_error"}}`),
		Attempts: 2,
	})
	fmt.Println(string(out), err)
	// Output: {"decision":{"act":"retry","scope":"request","after":7,"retry_safe":true,"why":"429 means rate_limited","line":"stripe.yaml:21"},"delay":[7,7]} <nil>
}

// FuzzExchange holds that no text of a stranger ends the process, and that a response that is
// written has a header of lines alone.
func FuzzExchange(f *testing.F) {
	f.Add("POST", "/a", "A: b\r\n", 429, "Content-Type: application/json\r\nX: y\n", []byte(`{"code":429,"message":"slow"}`))
	f.Add("GET", "", ":", 200, "a", []byte(nil))
	f.Add("HEAD", "/\x00", "A:\x00\n", 99, "A: b\nA: c\n\n", []byte("\xff\xfe"))
	vms, err := catalog.Open("vms")
	if err != nil {
		f.Fatal(err)
	}
	problem, err := catalog.Open("problem")
	if err != nil {
		f.Fatal(err)
	}
	translator := abi.NewTranslator(abi.New(vms), abi.New(problem))
	f.Fuzz(func(t *testing.T, method, path, asked string, status int, header string, body []byte) {
		x := &abi.Exchange{Method: method, Path: path, RequestHeader: asked, Status: status, Header: header, Body: body}
		if _, err := abi.New(vms).Decode(nil, x); err != nil && !errors.Is(err, abi.ErrHeader) && status >= 100 && status <= 999 {
			t.Fatal(err)
		}
		out, r, changed, err := translator.Translate(nil, x)
		if err != nil || !changed {
			return
		}
		for line := range strings.Lines(string(out[:r.Header])) {
			if name, _, found := strings.Cut(line, ": "); !found || name == "" || !strings.HasSuffix(line, "\r\n") {
				t.Errorf("%q is no field", line)
			}
		}
	})
}

// An Exchange that is used again has memory for its headers.
func TestAnExchangeThatIsUsedAgainAllocatesNothing(t *testing.T) {
	vms, body := abi.New(catalogtest.Open(t, "vms")), []byte(`{"message":"no"}`)
	var x abi.Exchange
	classify := func() {
		x.Reset()
		x.Method, x.Path, x.RequestHeader = "POST", "/v1/a", "Accept: application/json\r\n"
		x.Status, x.Header, x.Body = 404, "Content-Type: application/json\r\nDate: now\n\r\nX-Request-Id: \t7 ", body
		if g, err := vms.Classify(&x); err != nil || g.Kind != parlance.KindNotFound {
			t.Fatal(g, err)
		}
	}
	if n := testing.AllocsPerRun(100, classify); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAHeaderIsReadLineByLine(t *testing.T) {
	vms := abi.New(catalogtest.Open(t, "vms"))
	for header, wrong := range map[string]string{
		"": "", "\r\n": "", "A: b": "", "A: b\n": "", "A:b\r\r\n\nC:\t d \t\r\n": "", "A:": "", "A:\x80": "",
		"A": "line 1", "A: b\r\nC": "line 2", ": b": "line 1", "A : b": "line 1", "A: b\x00": "line 1", "A: b\rc\n": "line 1", "A\x00: b": "line 1", "\n\n A: b": "line 3",
	} {
		_, err := vms.NeedsBody(&abi.Exchange{Status: 404, Header: header})
		if got := errors.Is(err, abi.ErrHeader); got != (wrong != "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %v, want %q", header, err, wrong)
		}
	}
}
