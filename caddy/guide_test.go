package caddyparlance_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the JSON of the guide anew")

const guide = "../docs/gateway.md"

// hosts are the upstreams of an example, by the host that stands for them in the guide.
type hosts map[string]http.HandlerFunc

// run loads the Caddyfile of an example, with an upstream for each host in it.
func (h hosts) run(t *testing.T, file string) *server {
	t.Helper()
	file = strings.Replace(file, "/var/lib/parlance", t.TempDir(), 1)
	asked := map[string]string{}
	file = regexp.MustCompile(`https://[a-z.]+`).ReplaceAllStringFunc(file, func(url string) string {
		host := strings.TrimPrefix(url, "https://")
		if asked[host] == "" {
			respond := h[host]
			if respond == nil {
				t.Errorf("no upstream stands for %s", host)
				respond = http.NotFound
			}
			asked[host] = serve(t, respond).URL
		}
		return asked[host]
	})
	return load(t, strings.ReplaceAll(file, "gateway.example.com", "ADDRESS"))
}

// problemIn sends a request, whose response is to be a problem with a status and a text in it.
func problemIn(t *testing.T, s *server, method, path string, status int, text string, header ...string) {
	t.Helper()
	resp, body := s.ask(method, path, "", header...)
	if resp.StatusCode != status || resp.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, text) {
		t.Errorf("%s: got %d %v %s", path, resp.StatusCode, resp.Header, body)
	}
}

// examples show, for each example of the guide by its heading, that it does what it is for.
var examples = map[string]func(t *testing.T, file string){
	"One vendor":                                     oneVendor,
	"Five vendors and one error model":               fiveVendors,
	"An old SOAP service before new clients":         oldService,
	"AI providers with fallback":                     providersWithFallback,
	"A company's API that responds as its page says": ownAPI,
	"Mechanisms before an upstream":                  mechanisms,
}

// caddyfiles are the examples of the guide by their headings.
func caddyfiles(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, section := range strings.Split(string(text), "\n## ") {
		heading, rest, _ := strings.Cut(section, "\n")
		for _, fence := range regexp.MustCompile("(?s)```caddyfile\n(.*?)```").FindAllStringSubmatch(rest, -1) {
			if found[heading] != "" {
				t.Errorf("%s has two examples", heading)
			}
			found[heading] = fence[1]
		}
	}
	return found
}

// TestTheExamplesOfTheGuideDoWhatTheyAreFor runs each Caddyfile of docs/gateway.md.
func TestTheExamplesOfTheGuideDoWhatTheyAreFor(t *testing.T) {
	found := caddyfiles(t)
	if got, want := slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(examples)); !slices.Equal(got, want) {
		t.Errorf("the guide has the examples %q, and the test %q", got, want)
	}
	for heading, file := range found {
		t.Run(heading, func(t *testing.T) { examples[heading](t, file) })
	}
}

func oneVendor(t *testing.T, file string) {
	t.Setenv("VMS_KEY", "k-17")
	s := hosts{"api.example.com": func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "k-17" {
			t.Errorf("the request has %v", r.Header)
		}
		says(http.StatusNotFound, jsonType, `{"message":"no such camera"}`)(w, r)
	}}.run(t, file)
	problemIn(t, s, "GET", "/cameras/7", http.StatusNotFound, `"detail":"no such camera"`)
}

func fiveVendors(t *testing.T, file string) {
	t.Setenv("STRIPE_KEY", "sk-17")
	s := hosts{
		"vms.example.com":    says(http.StatusUnprocessableEntity, jsonType, `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format"]}}`),
		"vision.example.com": says(http.StatusOK, "application/xml", `<RES><Code>404</Code><Message>no such image</Message></RES>`),
		"api.stripe.com": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer sk-17" || r.URL.Path != "/v1/charges" {
				t.Errorf("Stripe got %s %v", r.URL, r.Header)
			}
			says(http.StatusPaymentRequired, jsonType, `{"error":{"code":"card_declined","decline_code":"insufficient_funds","message":"Your card has insufficient funds.","type":"card_error"}}`)(w, r)
		},
		"slack.com":      says(http.StatusOK, jsonType, `{"ok":false,"error":"channel_not_found"}`),
		"api.github.com": says(http.StatusForbidden, jsonType, `{"message":"Resource not accessible by integration","documentation_url":"https://docs.github.com/rest"}`),
	}.run(t, file)
	problemIn(t, s, "POST", "/cameras/api/v1/items", http.StatusUnprocessableEntity, `The URL value is in invalid format`)
	problemIn(t, s, "GET", "/images/7", http.StatusNotFound, `no such image`)
	problemIn(t, s, "POST", "/payments/v1/charges", http.StatusPaymentRequired, `"code":"card_declined"`)
	problemIn(t, s, "GET", "/messages/api/conversations.info", http.StatusNotFound, `"code":"channel_not_found"`)
	problemIn(t, s, "GET", "/code/repos/a/b", http.StatusForbidden, `Resource not accessible by integration`)
	problemIn(t, s, "GET", "/none", http.StatusNotFound, `"status":404`)
}

func oldService(t *testing.T, file string) {
	const fault = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>There is no order 7</faultstring></soap:Fault></soap:Body></soap:Envelope>`
	const soapType = "text/xml; charset=utf-8"
	s := hosts{"legacy.example.com": says(http.StatusInternalServerError, soapType, fault)}.run(t, file)
	problemIn(t, s, "POST", "/Orders", http.StatusBadRequest, `"detail":"There is no order 7"`)
	if resp, body := s.ask("POST", "/Orders", "<a/>", "Accept", "text/xml"); resp.StatusCode != http.StatusInternalServerError || resp.Header.Get("Content-Type") != soapType || body != fault {
		t.Errorf("callers who accept the old form get %d %v %s", resp.StatusCode, resp.Header, body)
	}
}

func providersWithFallback(t *testing.T, file string) {
	t.Setenv("OPENAI_KEY", "o-17")
	t.Setenv("AZURE_KEY", "a-17")
	const limited, invalid = `{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}`,
		`{"error":{"message":"Invalid value","type":"invalid_request_error","param":"n","code":"invalid_value"}}`
	const overloaded = `{"error":{"message":"The server is overloaded","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}`
	long := `{"model":"gpt","input":"{http.request.host}` + strings.Repeat("a", 2<<20) + `"}` // a body is sent as it came
	for name, tt := range map[string]struct {
		first  http.HandlerFunc
		body   string
		second int // requests to the second provider
		want   string
	}{
		"a success":               {says(http.StatusOK, jsonType, `{"id":1}`), "{}", 0, `{"id":1}`},
		"a mistake":               {says(http.StatusBadRequest, jsonType, invalid), "{}", 0, invalid},
		"a limit":                 {says(http.StatusTooManyRequests, jsonType, limited, "Retry-After", "20"), long, 1, `{"id":2}`},
		"a failure":               {says(http.StatusServiceUnavailable, jsonType, overloaded), long, 1, `{"id":2}`},
		"a failure under 200":     {says(http.StatusOK, jsonType, limited), "{}", 1, `{"id":2}`},
		"a connection that ends":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, long, 1, `{"id":2}`},
		"a body that is too long": {says(http.StatusTooManyRequests, jsonType, limited), strings.Repeat("a", 20_000_001), 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := 0, 0
			s := hosts{"api.openai.com": func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if r.Header.Get("Authorization") != "Bearer o-17" || r.URL.Path != "/v1/chat/completions" || err != nil || string(body) != tt.body {
					t.Errorf("the first provider got %s %v and %d bytes, %v", r.URL, r.Header, len(body), err)
				}
				first++
				tt.first(w, r)
			}, "example.openai.azure.com": func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if r.Header.Get("Authorization") != "" || r.Header.Get("Api-Key") != "a-17" || r.URL.String() != "/openai/v1/chat/completions?a=b" || err != nil || string(body) != tt.body {
					t.Errorf("the second provider got %s %v and %d bytes, %v", r.URL, r.Header, len(body), err)
				}
				second++
				says(http.StatusOK, jsonType, `{"id":2}`)(w, r)
			}}.run(t, file)
			resp, body := s.ask("POST", "/v1/chat/completions?a=b", tt.body, "Authorization", "Bearer of-the-caller")
			if first != 1 || second != tt.second || tt.want != "" && body != tt.want || tt.want == "" && resp.StatusCode < 500 {
				t.Errorf("after %d and %d requests: got %d %s", first, second, resp.StatusCode, body)
			}
		})
	}
}

func ownAPI(t *testing.T, file string) {
	refuses := says(http.StatusNotFound, jsonType, `{"message":"no such thing"}`)
	s := hosts{"one.example.com": refuses, "two.example.com": refuses}.run(t, file)
	resp, body := s.ask("GET", "/things/7", "")
	if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Type") != jsonType || !strings.Contains(body, "no such thing") || strings.HasPrefix(body, `{"message":`) {
		t.Errorf("got %d %v %s", resp.StatusCode, resp.Header, body)
	}
}

func mechanisms(t *testing.T, file string) {
	n := 0
	s := hosts{"api.example.com": func(w http.ResponseWriter, r *http.Request) {
		n++
		says(http.StatusNotFound, jsonType, `{"message":"no such camera"}`)(w, r)
	}}.run(t, file)
	problemIn(t, s, "GET", "/cameras/7", http.StatusNotFound, `"detail":"no such camera"`)
	for range 2 { // the second has the key of the first
		problemIn(t, s, "POST", "/cameras", http.StatusNotFound, `"detail":"no such camera"`, "Idempotency-Key", "k-1")
	}
	if n != 2 {
		t.Errorf("the upstream got %d requests", n)
	}
	if resp, _ := s.ask("POST", "/orders", "{}", "Prefer", "respond-async"); resp.StatusCode != http.StatusAccepted {
		t.Errorf("the outbox: got %d", resp.StatusCode)
	}
	for range 25 { // more than the burst of the policy
		if resp, _ := s.ask("GET", "/cameras/7", ""); resp.StatusCode == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("the policy limits nothing")
}

// TestTheJSONOfTheGuideIsThatOfItsCaddyfiles adapts each Caddyfile of docs/gateway.md.
func TestTheJSONOfTheGuideIsThatOfItsCaddyfiles(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	const below = "\n<details>\n<summary>As JSON</summary>\n\n```json\n"
	anew := regexp.MustCompile("(?s)```caddyfile\n(.*?)```\n("+below+".*?```\n\n</details>\n)?").ReplaceAllFunc(text, func(fence []byte) []byte {
		file, _, _ := bytes.Cut(bytes.TrimPrefix(fence, []byte("```caddyfile\n")), []byte("```\n"))
		config, err := adapt(string(file))
		if err != nil {
			t.Error(err)
			return fence
		}
		var value any
		if err := json.Unmarshal(config, &value); err != nil {
			t.Error(err)
		}
		return []byte("```caddyfile\n" + string(file) + "```\n" + below + pretty(value, "") + "\n```\n\n</details>\n")
	})
	if *update {
		if err := os.WriteFile(guide, anew, 0o600); err != nil {
			t.Error(err)
		}
		return
	}
	if !bytes.Equal(anew, text) {
		t.Error("the JSON is not that of the Caddyfiles: go test -run TestTheJSON -args -update")
	}
}

// pretty is a value as JSON that people can read: in one line if it is short.
func pretty(value any, indent string) string {
	line, _ := json.Marshal(value) // it came from JSON
	if len(line)+len(indent) <= 90 {
		return string(line)
	}
	in := indent + "  "
	var parts []string
	begin, end := "[", "]"
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			parts = append(parts, in+pretty(e, in))
		}
	case map[string]any:
		begin, end = "{", "}"
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, in+`"`+name+`": `+pretty(v[name], in))
		}
	}
	return begin + "\n" + strings.Join(parts, ",\n") + "\n" + indent + end
}
