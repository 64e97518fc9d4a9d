package caddyparlance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// proxy is a Caddyfile whose transport parlance has lines of its own, from line 5 on.
func proxy(lines string) string {
	return "http://127.0.0.1:1 {\n\tparlance problem\n\treverse_proxy http://127.0.0.1:2 {\n\t\ttransport parlance {\n" + lines + "\n\t\t}\n\t}\n}\n"
}

// site is a Caddyfile with a directive, from line 2 on.
func site(lines string) string { return "http://127.0.0.1:1 {\n" + lines + "\n}\n" }

func TestAMistakeInACaddyfileIsToldWithItsLine(t *testing.T) {
	for _, tt := range []struct{ file, line, want string }{
		{proxy("max_wait 5s"), ":6", "needs the dialect of the upstreams: speaks NAME"},
		{proxy("speaks vmss"), ":5", `no dialect is called "vmss"; did you mean "vms"?`},
		{proxy("speaks"), ":5", "speaks takes 1 argument, and has none"},
		{proxy("speaks vms problem"), ":5", "speaks takes 1 argument, and has 2"},
		{proxy("speaks vms\nspeaks vms"), ":6", "speaks is set twice"},
		{proxy("speaks vms\nspeak vms"), ":6", `no setting is called "speak"; did you mean "speaks"?`},
		{proxy("speaks vms\ntimeout 5"), ":6", `timeout: "5" is not a time above zero, such as 10s`},
		{proxy("speaks vms\nmax_wait -5s"), ":6", `max_wait: "-5s" is not a time above zero`},
		{proxy("speaks vms\nmax_attempts 0"), ":6", `max_attempts: "0" is not a number of at least 1`},
		{proxy("speaks vms\nmax_attempts few"), ":6", `max_attempts: "few" is not a number`},
		{proxy("speaks vms\nmax_body 2MiB"), ":6", `max_body: "2MiB" is not a size up to 1.0 MiB`},
		{proxy("speaks vms\nbudget 100"), ":6", "budget takes 2 arguments, and has 1"},
		{proxy("speaks vms\nbudget many 0.1"), ":6", "budget takes a number of retries and what a success adds"},
		{proxy("speaks vms\nbreaker zero"), ":6", `breaker: "zero" is not a number of at least 1`},
		{proxy("speaks vms\nbreaker 10 soon"), ":6", `breaker: "soon" is not a time above zero`},
		{proxy("speaks vms\nbreaker 10 5s 7"), ":6", "breaker takes at most 2 arguments, and has 3"},
		{proxy("speaks vms\npace 5"), ":6", "pace takes no arguments, and has 1"},
		{proxy("speaks vms\nhedge"), ":6", "hedge takes 1 argument, and has none"},
		{proxy("speaks vms\napi_key X-Key"), ":6", "api_key takes 2 arguments, and has 1"},
		{proxy("speaks vms\nbasic user"), ":6", "basic takes 2 arguments, or USER:PASSWORD as one"},
		{proxy("speaks vms\noauth"), ":6", "oauth takes 1 argument, and has none"},
		{proxy("speaks vms\noauth https://a.example/token {\nscopes a\n}"), ":8", "oauth needs the client: client ID SECRET"},
		{proxy("speaks vms\noauth https://a.example/token {\nclient_id a\n}"), ":7", `no setting is called "client_id"`},
		{proxy("speaks vms\nhttp {\ndial_timeout soon\n}"), ":7", "soon"},
		{"http://127.0.0.1:1 {\n\tparlance\n}\n", ":2", "parlance takes 1 argument, and has none"},
		{"http://127.0.0.1:1 {\n\tparlance problm\n}\n", ":2", `no dialect is called "problm"; did you mean "problem"?`},
		{"http://127.0.0.1:1 {\n\tparlance problem {\n\t\taccept application/json\n\t}\n}\n", ":3", "accept takes 2 arguments, and has 1"},
		{"http://127.0.0.1:1 {\n\tparlance problem {\n\t\taccept application/json vmss\n\t}\n}\n", ":3", `no dialect is called "vmss"`},
		{"http://127.0.0.1:1 {\n\tparlance problem {\n\t\tlosses\n\t}\n}\n", ":3", `no setting is called "losses"`},
		{"http://127.0.0.1:1 {\n\treverse_proxy http://127.0.0.1:2 {\n\t\ttransport parlance vms\n\t}\n}\n", ":3", "transport parlance takes a block, and no arguments"},
		{site("parlance /etc/parlance/shop.yaml"), ":2", "parlance takes 1 argument, and has none. Caddy takes a path that begins with / for a matcher: write parlance * /etc/parlance/shop.yaml for a file"},
		{site("parlance_limit"), ":2", "parlance_limit needs a policy, such as: policy burst 20 1s"},
		{site("parlance_limit {\npolicy a 0 1s\n}"), ":3", `policy: "0" is not a number of at least 1`},
		{site("parlance_limit {\npolicy a 1 soon\n}"), ":3", `policy: "soon" is not a time above zero`},
		{site("parlance_limit {\npolicy a 1\n}"), ":3", "policy takes a name, a quota, a time and perhaps a placeholder, and has 2 arguments"},
		{site("parlance_limit {\npolicy a 1 1s\npolicy a 2 1s\n}"), ":4", `policy: the name "a" is used twice`},
		{site("parlance_license {\nseats 0\n}"), ":3", `seats: "0" is not a number of at least 1`},
		{site("parlance_license {\nseats 5\n}"), ":4", "parlance_license needs seats and a holder"},
		{site("parlance_validate api.yaml {\n}"), ":2", "parlance_validate takes a block, and no arguments"},
		{site("parlance_validate {\nmax_body 1GB\n}"), ":3", `max_body: "1GB" is not a size up to 64 MiB`},
		{site("parlance_idempotency {\nexpire 1h\n}"), ":3", `no setting is called "expire"; did you mean "expiry"?`},
		{site("parlance_idempotency {\nmethods\n}"), ":3", "methods takes 1 argument or more, and has none"},
		{site("parlance_outbox"), ":2", "parlance_outbox takes 1 argument, and has none"},
		{site("parlance_outbox https://a.example"), ":2", "parlance_outbox needs the dialect of the upstream: speaks NAME"},
		{site("parlance_maintenance {\nto problm\n}"), ":3", `no dialect is called "problm"; did you mean "problem"?`},
		{site("parlance_activity {\nsample none\n}"), ":3", `sample: "none" is not a number of at least 1`},
		{"{\n\tparlance {\n\t\tstorage a.db\n\t}\n}\n", ":3", `no setting is called "storage"; did you mean "store"?`},
		{"{\n\tparlance a.db\n}\n", ":2", "the global block parlance takes no arguments"},
	} {
		_, err := adapt(tt.file)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "Caddyfile"+tt.line) {
			t.Errorf("%s\ngot  %v\nwant %s at Caddyfile%s", tt.file, err, tt.want, tt.line)
		}
	}
}

// faulty is a dialect file with a fault in line 4.
const faulty = "dialect: shop\ntitle: Shop\ncodes:\n  \"404\": { kind: lost }\n"

func TestADialectFileWithAFaultIsRefusedAndTheOldConfigurationStays(t *testing.T) {
	u := serve(t, says(404, jsonType, `{"message":"no such thing"}`))
	dir := t.TempDir()
	file := filepath.Join(dir, "shop.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(faulty, "lost", "not_found", 1))
	site := "ADDRESS {\n\tparlance problem\n\treverse_proxy " + u.URL + " {\n\t\ttransport parlance {\n\t\t\tspeaks " + file + "\n\t\t}\n\t}\n}\n"
	s := load(t, site)
	write(faulty)
	reload := func() error { // as the command does without --force
		config, err := s.adapted(filepath.Dir(s.log), site)
		if err != nil {
			t.Fatal(err)
		}
		s.connect()
		return caddy.Load(config, false)
	}
	err := reload()
	if err == nil || !strings.Contains(err.Error(), "shop.yaml:4:") || !strings.Contains(err.Error(), "^") {
		t.Errorf("got %v, want the line and a caret", err)
	}
	if resp, body := s.ask("GET", "/things/7", ""); resp.StatusCode != 404 || !strings.Contains(body, `"kind":"not_found"`) {
		t.Errorf("after a refused reload: got %d %s", resp.StatusCode, body)
	}
	config, err := adapt(strings.ReplaceAll(site, "ADDRESS", "http://127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, config); err == nil || !strings.Contains(err.Error(), "shop.yaml:4:") {
		t.Errorf("caddy validate: got %v", err)
	}
	write(strings.Replace(faulty, "lost", "forbidden", 1))
	if err := reload(); err != nil {
		t.Fatal(err)
	}
	if _, body := s.ask("GET", "/things/7", ""); !strings.Contains(body, `"kind":"forbidden"`) {
		t.Errorf("after a reload of another file: got %s", body)
	}
}

// TestAFileThatHasChangedMakesAnotherConfiguration holds for each place where a Caddyfile names a
// file, and for the files that a dialect extends: Caddy ignores a reload of the same configuration.
func TestAFileThatHasChangedMakesAnotherConfiguration(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := filepath.Join(dir, "first.yaml")
	for _, file := range []string{
		proxy("speaks FILE"),
		site("parlance * FILE"),
		site("parlance problem {\naccept application/json FILE\n}"),
		site("parlance_limit {\npolicy a 1 1s\nto FILE\n}"),
		site("parlance_license {\nseats 1\nholder a\nto FILE\n}"),
		site("parlance_validate {\ndocument FILE\n}"),
		site("parlance_validate {\ndocument none.yaml\nto FILE\n}"),
		site("parlance_idempotency {\nto FILE\n}"),
		site("parlance_maintenance {\nto FILE\n}"),
		site("parlance_activity {\nto FILE\n}"),
		site("parlance_outbox https://a.example {\nspeaks FILE\n}"),
		site("parlance_outbox https://a.example {\nspeaks vms\nto FILE\n}"),
	} {
		for _, name := range []string{"first.yaml", "second.yaml", "third.yaml"} {
			write("first.yaml", "dialect: first\nextends: ./second.yaml\n")
			write("second.yaml", "dialect: second\nextends: \"./third.yaml\" # the last\n")
			write("third.yaml", "dialect: third\nextends: ./first.yaml\n")
			adapted := func() string {
				config, err := adapt(strings.ReplaceAll(file, "FILE", first))
				if err != nil {
					t.Fatal(err)
				}
				return string(config)
			}
			before := adapted()
			if adapted() != before {
				t.Errorf("%s: it is another one without a change", file)
			}
			write(name, "dialect: other\n")
			if adapted() == before {
				t.Errorf("%s: it is the same after a change of %s", file, name)
			}
		}
	}
}
