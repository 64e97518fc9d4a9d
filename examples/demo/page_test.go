package demo_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/examples/demo"
	"github.com/parlance-api/parlance/internal/browser"
)

// TestEachOfThe71RowsHasAButtonThatShowsBothSides presses the buttons of a row until one
// shows what the row promises.
func TestEachOfThe71RowsHasAButtonThatShowsBothSides(t *testing.T) {
	t.Parallel()
	d, err := demo.Start(demo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	text, err := os.ReadFile("../rows.tsv")
	if err != nil {
		t.Fatal(err)
	}
	bySystem, n := map[string][][]string{}, 0
	for line := range strings.Lines(string(text)) {
		row := strings.Split(strings.TrimSpace(line), "\t")
		bySystem[row[0]] = append(bySystem[row[0]], row)
		n++
	}
	if n != 71 {
		t.Errorf("got %d rows, want 71", n)
	}
	// The rows of a class and of a range, by a code of it.
	stands := map[string]string{"100-150": "120", "201-206": "201", "400-429": "405"}
	for system, rows := range bySystem {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			for _, row := range rows {
				code, kind, act := row[1], row[3], row[4]
				if s := stands[code]; s != "" {
					code = s
				}
				var saw []string
				for _, s := range d.Switches() {
					short := strings.TrimPrefix(s.Name, system+"-")
					if s.System != system || short != code && !strings.HasPrefix(short, code+"-") || slices.Contains(saw, "as promised") {
						continue
					}
					shown, found, err := d.Show(t.Context(), s.Name)
					if err != nil || !found {
						t.Errorf("%s: %v, %v", s.Name, found, err)
						continue
					}
					if !strings.HasPrefix(shown.Response, "HTTP/1.1 ") || !strings.Contains(shown.Request, " HTTP/1.1\nHost: 127.0.0.1") {
						t.Errorf("%s: the caller's side is %q, %q", s.Name, shown.Request, shown.Response)
					}
					for _, step := range shown.Steps {
						if step.Means == kind && step.Act.String() == act && strings.HasPrefix(step.Response, "HTTP/1.1 ") && strings.HasPrefix(step.Line, system+".yaml:") && step.Text != "" {
							saw = append(saw, "as promised")
						}
						saw = append(saw, step.Means+" "+step.Act.String()+" by "+step.Line)
					}
				}
				if !slices.Contains(saw, "as promised") {
					t.Errorf("%s %s: got %q, want %s, %s, by a line", system, row[1], saw, kind, act)
				}
			}
		})
	}
}

func TestAButtonShowsBothSidesInABrowser(t *testing.T) {
	t.Parallel()
	d, err := demo.Start(demo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	tab := browser.Open(t)
	for _, dark := range []bool{false, true} {
		tab.Dark(dark)
		tab.Load(d.Board() + "/")
		if got, want := tab.Text(`document.querySelectorAll("nav button").length`), len(d.Switches()); got != strconv.Itoa(want) {
			t.Errorf("got %s buttons, want %d", got, want)
		}
		tab.Click(`form[action="/show/vms-422"] button`)
		tab.Wait(`document.querySelector("main h2").textContent === "vms-422"`)
		text := tab.Text(`document.querySelector("main").innerText`)
		for _, want := range []string{"POST /api/v1/items", "application/problem+json", `"pointer": "#/url"`, "HTTP/1.1 422", `"message": "Submitted`, "invalid/fields", "correct", "vms.yaml:22", "422: {kind: invalid/fields"} {
			if !strings.Contains(text, want) {
				t.Errorf("dark %v: want %q in\n%s", dark, want, text)
			}
		}
		for _, v := range tab.Violations() {
			t.Errorf("dark %v: %s", dark, v)
		}
		for _, url := range tab.Requests() {
			if !strings.HasPrefix(url, d.Board()+"/") {
				t.Errorf("the page asked for %s", url)
			}
		}
		if said := tab.Said(); len(said) > 0 {
			t.Errorf("the page said %q", said)
		}
		if dir := os.Getenv("SCREENSHOTS"); dir != "" {
			name := map[bool]string{false: "demo.png", true: "demo-dark.png"}[dark]
			if err := os.WriteFile(filepath.Join(dir, name), tab.Screenshot(false), 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	tab.Size(360, 740)
	if got := tab.Text(`document.documentElement.scrollWidth`); got != "360" {
		t.Errorf("on a phone: got a width of %s, want 360", got)
	}
	// Without JavaScript a button loads the page.
	tab.Scripts(false)
	tab.Load(d.Board() + "/")
	tab.Click(`form[action="/show/plain-404"] button`)
	tab.Scripts(true)
	tab.Wait(`location.pathname === "/show/plain-404" && document.querySelector("main h2").textContent === "plain-404"`)
}

func TestThePageIsForThisMachineAndThisSiteAlone(t *testing.T) {
	t.Parallel()
	d, err := demo.Start(demo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	for _, test := range []struct {
		method, path, host string
		header             http.Header
		status             int
	}{
		{"GET", "/", "", http.Header{"Accept": {"text/html"}}, 200},
		{"POST", "/show/vms-401", "", nil, 200},
		{"POST", "/show/vms-499", "", nil, 404},
		{"GET", "/show/vms-401", "", nil, 405},
		{"POST", "/show/vms-401", "", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"POST", "/show/vms-401", "", http.Header{"Origin": {"https://evil.example"}}, 403},
		{"GET", "/", "evil.example", http.Header{"Accept": {"text/html"}}, 403},
		{"POST", "/show/vms-401", "evil.example:80", nil, 403},
		{"POST", "/vms-401", "evil.example", nil, 403},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, d.Board()+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.header != nil {
			r.Header = test.header
		}
		r.Host = test.host
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != test.status {
			t.Errorf("%s %s of %q, %v: got %d, want %d", test.method, test.path, test.host, test.header, res.StatusCode, test.status)
		}
		if csp := res.Header.Get("Content-Security-Policy"); res.StatusCode == 200 && !strings.HasPrefix(csp, "default-src 'none'; ") {
			t.Errorf("%s %s: got the policy %q", test.method, test.path, csp)
		}
	}
}
