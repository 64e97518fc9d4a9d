package caddyparlance_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// The tests of this file need programs of others: make gateway-tools runs them.

// tool is the path of a program of others. A test without it is skipped.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%v: make gateway-tools runs this test", err)
	}
	return path
}

// start runs a program until the test ends, and waits until it listens.
func start(t *testing.T, address, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	said, err := os.Create(filepath.Join(t.TempDir(), "said.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if text, err := os.ReadFile(said.Name()); err == nil && t.Failed() {
			t.Logf("%s:\n%s", program, text)
		}
	})
	until(t, program+" listens", func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// until asks again and again.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !so() {
		if ctx.Err() != nil {
			t.Fatalf("it is not so after a minute: %s", what)
		}
	}
}

// TestHTTP2IsAsSoundAsInCaddyAlone holds that h2spec finds nothing that it does not find in Caddy
// without Parlance.
func TestHTTP2IsAsSoundAsInCaddyAlone(t *testing.T) {
	h2spec := tool(t, "h2spec")
	u := serve(t, says(http.StatusOK, jsonType, `{"id":7}`))
	failed := func(site string) map[string]bool {
		s := loadTLS(t, "ADDRESS {\n\ttls CERTIFICATE\n"+site+"\n}\n")
		report := filepath.Join(t.TempDir(), "report.xml")
		out, _ := exec.Command(h2spec, "--tls", "--insecure", "--host", "127.0.0.1", "--port", fmt.Sprint(s.port), "--junit-report", report).CombinedOutput()
		text, err := os.ReadFile(report)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var said struct {
			Suites []struct {
				Cases []struct {
					Package string    `xml:"package,attr"`
					Class   string    `xml:"classname,attr"`
					Failure *struct{} `xml:"failure"`
					Error   *struct{} `xml:"error"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(text, &said); err != nil {
			t.Fatal(err)
		}
		all, count := map[string]bool{}, 0
		for _, suite := range said.Suites {
			for _, c := range suite.Cases {
				if count++; c.Failure != nil || c.Error != nil {
					all[c.Package+": "+c.Class] = true
				}
			}
		}
		if count < 100 {
			t.Fatalf("h2spec tried %d cases", count)
		}
		t.Logf("%d of %d fail", len(all), count)
		return all
	}
	alone := failed("\treverse_proxy " + u.URL)
	for name := range failed("\tparlance problem\n\treverse_proxy " + u.URL + " {\n\t\ttransport parlance {\n\t\t\tspeaks plain\n\t\t}\n\t}") {
		if !alone[name] {
			t.Errorf("it fails with Parlance alone: %s", name)
		}
	}
}

// TestACertificateComesByACME gets one from Pebble, the test server of Let's Encrypt.
func TestACertificateComesByACME(t *testing.T) {
	pebble, challenges := tool(t, "pebble"), tool(t, "pebble-challtestsrv")
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	dir, dns, manage, acme := t.TempDir(), free(t), free(t), free(t)
	certificate, key, _ := certify(t, dir)
	start(t, manage, challenges, "-dnsserver", dns, "-management", manage, "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "")
	own := free(t)
	_, port, _ := net.SplitHostPort(own)
	settings, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": acme, "managementListenAddress": free(t), "certificate": certificate, "privateKey": key,
		"tlsPort": json.Number(port), "httpPort": 1, "profiles": map[string]any{"default": map[string]any{"description": "as usual", "validityPeriod": 86400}},
	}})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "pebble.json"), settings, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	start(t, acme, pebble, "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", dns)

	u := serve(t, says(http.StatusNotFound, jsonType, `{"message":"no such thing"}`))
	config, err := adapt(`{
	admin off
	persist_config off
	auto_https disable_redirects
	https_port ` + port + `
	storage file_system ` + dir + `
	acme_ca https://` + acme + `/dir
	acme_ca_root ` + certificate + `
}
gateway.example.com {
	bind 127.0.0.1
	parlance problem
	reverse_proxy ` + u.URL + ` {
		transport parlance {
			speaks plain
		}
	}
}`)
	if err == nil {
		err = caddy.Load(config, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // Pebble makes a root of its own
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, own)
		},
	}}
	until(t, "the certificate is there", func() bool {
		resp, err := client.Get("https://gateway.example.com/things/7")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		if issuer := resp.TLS.PeerCertificates[0].Issuer.CommonName; !strings.Contains(issuer, "Pebble") {
			t.Errorf("the certificate is of %q", issuer)
		}
		if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("it responds %d %v", resp.StatusCode, resp.Header)
		}
		return true
	})
}

// TestEachPanelOfTheDashboardShowsSomething runs its queries against a real Prometheus.
func TestEachPanelOfTheDashboardShowsSomething(t *testing.T) {
	prometheus := tool(t, "prometheus")
	s := watched(t)
	dir, address := t.TempDir(), free(t)
	settings := fmt.Sprintf("global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs: [{job_name: gateway, static_configs: [{targets: [%q]}]}]\n", s.address())
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, address, prometheus, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)

	for _, q := range queries(t) {
		expr := strings.NewReplacer("$__rate_interval", "2s", "$route", ".*").Replace(q.Expr)
		until(t, q.Title+" shows something: "+expr, func() bool {
			s.use()
			return shows(t, address, expr)
		})
	}
}

// shows reports that a Prometheus has a number for a query.
func shows(t *testing.T, address, expr string) bool {
	t.Helper()
	resp, err := http.Get("http://" + address + "/api/v1/query?" + url.Values{"query": {expr}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var found struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", expr, resp.Status, err)
	}
	for _, one := range found.Data.Result {
		if one.Value[1] != "NaN" {
			return true
		}
	}
	return false
}
