package demo_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/examples/demo"
	"github.com/parlance-api/parlance/internal/catalogtest"
	_ "github.com/parlance-api/parlance/internal/testnet" // for the transport that all share
)

// On a machine without curl, this program is what the commands find as curl.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "curl" {
		os.Exit(standIn(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// standIn does what curl does with the options that the commands use.
func standIn(args []string) int {
	var url, method, user, body string
	header := http.Header{"Accept": {"*/*"}, "User-Agent": {"curl/8"}}
	shown := false
	for i := 0; i < len(args); i++ {
		next := func() string {
			i++
			return args[i]
		}
		switch args[i] {
		case "-i":
			shown = true
		case "-s":
		case "-X":
			method = next()
		case "-u":
			user = next()
		case "-H":
			name, value, _ := strings.Cut(next(), ":")
			header.Set(name, strings.TrimSpace(value)) // net/http sends no empty User-Agent
		case "-d":
			body = next()
			header["Content-Type"] = append(header["Content-Type"], "application/x-www-form-urlencoded")
		case "--data-binary":
			next()
			text, err := io.ReadAll(os.Stdin)
			if err != nil {
				return 2
			}
			body = string(text)
		default:
			url = args[i]
		}
	}
	if method == "" && body != "" {
		method = "POST"
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 3
	}
	r.Header = header
	if types := header["Content-Type"]; len(types) > 1 { // what was said goes before what curl says by itself
		header["Content-Type"] = slices.DeleteFunc(types, func(t string) bool { return strings.HasSuffix(t, "urlencoded") })
	}
	if name, password, ok := strings.Cut(user, ":"); ok {
		r.SetBasicAuth(name, password)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return 7
	}
	defer res.Body.Close()
	if shown {
		fmt.Printf("HTTP/1.1 %s\r\n", res.Status)
		_ = res.Header.Write(os.Stdout)
		fmt.Print("\r\n")
	}
	if _, err := io.Copy(os.Stdout, res.Body); err != nil {
		return 23
	}
	return 0
}

// shell is what runs commands as a person does who pastes them.
func shell(t *testing.T) func(command string) string {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell to paste commands into")
	}
	path := os.Getenv("PATH")
	if _, err := exec.LookPath("curl"); err != nil {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.Symlink(self, filepath.Join(dir, "curl")); err != nil {
			t.Fatal(err)
		}
		path = dir + string(os.PathListSeparator) + path
	}
	return func(command string) string {
		t.Helper()
		var out, fault bytes.Buffer
		c := exec.CommandContext(t.Context(), sh, "-c", command)
		c.Env, c.Stdout, c.Stderr = []string{"PATH=" + path}, &out, &fault
		if err := c.Run(); err != nil {
			t.Fatalf("%s\n%v\n%s", command, err, fault.String())
		}
		return out.String()
	}
}

// met is the last response that curl -i showed.
func met(t *testing.T, text string) dialect.Response {
	t.Helper()
	for {
		head, rest, found := strings.Cut(text, "\r\n\r\n")
		line, fields, _ := strings.Cut(head, "\r\n")
		words := strings.Fields(line)
		if !found || len(words) < 2 {
			t.Fatalf("no response: %q", text)
		}
		header, err := textproto.NewReader(bufio.NewReader(strings.NewReader(fields + "\r\n\r\n"))).ReadMIMEHeader()
		if err != nil {
			t.Fatalf("%v: %q", err, head)
		}
		status, err := strconv.Atoi(words[1])
		if err != nil {
			t.Fatal(err)
		}
		if status >= 200 {
			return dialect.Response{Status: status, Header: header, Body: []byte(rest)}
		}
		text = rest
	}
}

func TestEachSwitchBringsItsCodeAboutWhateverWasThrownBefore(t *testing.T) {
	t.Parallel()
	d, err := demo.Start(demo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	bySystem := map[string][]demo.Switch{}
	for _, s := range d.Switches() {
		bySystem[s.System] = append(bySystem[s.System], s)
	}
	for system, all := range bySystem {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			paste := shell(t)
			speaks := catalogtest.Open(t, system)
			rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			var thrown []string
			for _, s := range all {
				thrown = append(thrown, s.Name)
				if told := paste(s.Throw); !strings.HasSuffix(told, "\n"+s.Send+"\n") || !strings.HasPrefix(told, "# "+s.Name+" (") {
					t.Errorf("%s: the switch responds with %q, which should end with the command %q", s.Name, told, s.Send)
				}
				r := met(t, paste(s.Send))
				if code := speaks.Decode(dialect.Request{}, r).Outcome.Code; r.Status != s.Status || code != s.Code {
					t.Errorf("%s: got %d with the code %q, want %d with %q, after %s\n%s", s.Name, r.Status, code, s.Status, s.Code, strings.Join(thrown, ", "), r.Body)
				}
			}
		})
	}
}

// Every status and every code in a body of the five tables.
func TestEachRowOfThePagesHasASwitch(t *testing.T) {
	t.Parallel()
	d, err := demo.Start(demo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	rows := map[string]map[string]bool{}
	for _, s := range d.Switches() {
		if rows[s.System] == nil {
			rows[s.System] = map[string]bool{}
		}
		rows[s.System][strings.TrimPrefix(s.Name, s.System+"-")] = true
	}
	for system, want := range map[string]string{
		"vision": "101 102 110 120 150 200 201 202 203 204 204-post 205 206 207 400 401 401-refresh 403 404 405 406 413 415 416 429 500 502 503 504 999",
		"omilia": "200 201 202 204 400 401 402 403 403-license 404 409 409-mismatch 422 422-other 429 500 502 503 503-overload 504",
		"plain":  "200 201 400 401 403 404 418 423 429 500 502 503 503-overload 507 599",
		"vbapi":  "200 201 207 400 401 401-expired 403 403-address 404 429 500 502 503 504",
		"vms":    "200 200-null 201 204 400 401 402 403 404 422 429 429-sessions 500 502 502-gone 503",
	} {
		for _, row := range strings.Fields(want) {
			if !rows[system][row] {
				t.Errorf("no switch %s-%s; there are %q", system, row, slices.Sorted(maps.Keys(rows[system])))
			}
		}
	}
}

func TestTheSwitchesAreListedAndListenHereAlone(t *testing.T) {
	t.Parallel()
	d, err := demo.Start(demo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	host, _, err := net.SplitHostPort(strings.TrimPrefix(d.Board(), "http://"))
	if err != nil || host != "127.0.0.1" {
		t.Errorf("the switches listen at %s", d.Board())
	}
	ask := func(method, path string, header ...string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, d.Board()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range header {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(text)
	}
	_, all := ask("GET", "/")
	_, vms := ask("GET", "/vms")
	for _, s := range d.Switches() {
		entry := "# " + s.Name + " (" + strconv.Itoa(s.Status)
		commands := "\n" + s.Throw + "\n" + s.Send + "\n"
		if !strings.Contains(all, entry) || !strings.Contains(all, "): "+s.Cause+commands) {
			t.Errorf("the list lacks %s", s.Name)
		}
		if strings.Contains(vms, commands) != (s.System == "vms") {
			t.Errorf("the list of vms has, or lacks, %s", s.Name)
		}
	}
	for _, test := range []struct {
		method, path, header string
		status               int
	}{
		{"POST", "/calm", "", 200},
		{"GET", "/vision-150", "", 200},
		{"GET", "/vision-151", "", 404},
		{"POST", "/vision-151", "", 404},
		{"DELETE", "/vision-150", "", 405},
		{"POST", "/vision-150", "Sec-Fetch-Site: cross-site", 403},
	} {
		var header []string
		if test.header != "" {
			header = []string{test.header}
		}
		if status, text := ask(test.method, test.path, header...); status != test.status || text == "" {
			t.Errorf("%s %s %s: got %d %q, want %d", test.method, test.path, test.header, status, text, test.status)
		}
	}
}
