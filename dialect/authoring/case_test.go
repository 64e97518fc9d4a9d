package authoring_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/catalogtest"
)

const shop = `dialect: shop
codes:
  200: success
  207: partial
  400, 422: invalid
  404: not_found
  429: {kind: rate_limited, retry: {after: 60s}}
  out_of_stock: {kind: failed, status: 409}
shapes:
  - name: records
    status: 207
    json: {records!: [{id: $item.id, status!: $item.status:int, why: $item.detail}]}
  - name: error
    status: 4xx
    json: {message!: $detail, code?: $code, errors?: {$either: [{$field: [$field.message]}, [$field.message]]}}
  - name: old error
    status: 4xx
    read_only: true
    json: {error!: $detail}
samples:
  - response: |
      HTTP/1.1 404 Not Found

      {"message":"no such thing"}
    outcome: {kind: not_found, detail: no such thing}
`

func compiled(t *testing.T, source string) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Compile("shop.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestACaseComparesOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	d := compiled(t, shop)
	for _, test := range []struct{ name, line, want string }{
		{"nothing is expected", `{"status":404,"body":{"message":"x"}}`, ``},
		{"one attribute", `{"status":404,"body":{"message":"x"},"outcome":{"detail":"x"}}`, ``},
		{"an attribute that is otherwise", `{"status":404,"body":{"message":"x"},"outcome":{"kind":"not_found","detail":"y"}}`, `reads detail -"y" +"x"`},
		{"an attribute that must not be set", `{"status":409,"body":{"message":"x","code":"out_of_stock"},"outcome":{"code":null}}`, `reads code - +"out_of_stock"`},
		{"an attribute that must not be set, and is not", `{"status":404,"body":{"message":"x"},"outcome":{"code":"","fields":[]}}`, ``},
		{"one member of a field", `{"status":400,"body":{"message":"x","errors":{"a":["b","c"]}},"outcome":{"fields":[{"path":"a"},{"message":"d"}]}}`, `reads fields[1].message -"d" +"c"`},
		{"a field too few", `{"status":400,"body":{"message":"x","errors":{"a":["b","c"]}},"outcome":{"fields":[{"path":"a"}]}}`, `reads fields[1] - +{"path":"a","message":"c"}`},
		{"a field too many", `{"status":400,"body":{"message":"x"},"outcome":{"fields":[{"path":"a"}]}}`, `reads fields[0] -{"path":"a"} +`},
		{"a record", `{"status":207,"body":{"records":[{"id":"1","status":200,"why":null},{"id":"2","status":404,"why":"gone"}]},"outcome":{"items":[{"outcome":{"kind":"success"}},{"outcome":{"kind":"invalid","detail":"gone"}}]}}`, `reads items[1].outcome.kind -"invalid" +"not_found"`},
		{"an act", `{"status":429,"body":{"message":"x"},"act":"stop"}`, `decides act -"stop" +"retry"`},
		{"a wait", `{"status":429,"body":{"message":"x"},"act":"retry","after":60}`, ``},
		{"another wait", `{"status":429,"body":{"message":"x"},"after":1.5}`, `decides after -1.5 +60`},
		{"a complaint that nobody expects", `{"status":404,"body":"<p>"}`, `reads  - + with a complaint: the body has a form that the dialect does not describe here [unfit_body]`},
		{"a complaint that is expected", `{"status":404,"body":"<p>","complaints":["unfit_body"],"outcome":{"kind":"not_found"}}`, ``},
		{"a complaint that does not come", `{"status":404,"complaints":"unfit_body"}`, `reads  - + without the complaint unfit_body`},
		{"a member that is not written back", `{"status":404,"body":{"message":"x","more":1}}`, `writes body - + differs: "more" is missing; shape "error" wrote {"message":"x"}`},
		{"a member of another type", `{"status":409,"body":{"message":"x","code":7}}`, `writes body - + differs: "code" has another type; shape "error" wrote {"message":"x","code":"7"}`},
		{"a form that is only read", `{"status":404,"body":{"error":"x"},"outcome":{"detail":"x"},"reads_only":true}`, ``},
		{"a body in no envelope", `{"status":200,"headers":{"Content-Type":"application/json"},"body":[1,2],"outcome":{"kind":"success"}}`, ``},
		{"a payload of another type", `{"status":200,"headers":{"Content-Type":"image/png"},"body":"…","outcome":{"kind":"success"}}`, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cases, err := authoring.Cases("shop.cases.jsonl", []byte(test.line))
			if err != nil || len(cases) != 1 {
				t.Fatal(err)
			}
			report := authoring.Test(d, cases...)
			if report.Results[0].Passed != true {
				t.Errorf("the sample: %+v", report.Results[0].Differences)
			}
			result := report.Results[1]
			var got []string
			for _, f := range result.Differences {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s -%s +%s %s", f.Part, f.Attribute, f.Want, f.Got, f.Message)))
			}
			if text := strings.Join(got, "\n"); text != strings.TrimSpace(test.want) {
				t.Errorf("got\n%s\nnot\n%s", text, test.want)
			}
			if result.Passed != (test.want == "") || report.Passed+report.Failed != 2 {
				t.Errorf("%+v", report)
			}
		})
	}
}

func TestATestTellsWhatNothingReached(t *testing.T) {
	t.Parallel()
	d := compiled(t, shop)
	missing := func(c authoring.Covered) string {
		var all []string
		for _, m := range c.Missing {
			all = append(all, fmt.Sprintf("%s:%d", m.Name, m.Line))
		}
		return fmt.Sprintf("%d/%d %s", c.Reached, c.Total, strings.Join(all, ", "))
	}
	for _, test := range []struct{ name, lines, shapes, codes, alternatives string }{
		{"the sample alone", "", "1/3 records:10, old error:16", "1/6 200:3, 207:4, 400, 422:5, 429:7, out_of_stock:8", "0/2 error: alternative 1 of 2:15, error: alternative 2 of 2:15"},
		{"each of them", `{"status":200}
{"status":400,"body":{"message":"x","errors":{"a":["b"]}}}
{"status":409,"body":{"message":"x","code":"out_of_stock","errors":["a"]}}
{"status":422,"body":{"error":"x"}}
{"status":429}
{"status":207,"body":{"records":[{"id":"1","status":200,"why":null},{"id":"2","status":404,"why":"gone"}]}}
`, "3/3 ", "6/6 ", "2/2 "},
		{"the rows of records", `{"status":207,"body":{"records":[{"id":"1","status":200,"why":null},{"id":"2","status":422,"why":"gone"}]}}`, "2/3 old error:16", "4/6 429:7, out_of_stock:8", "0/2 error: alternative 1 of 2:15, error: alternative 2 of 2:15"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cases, err := authoring.Cases("shop.cases.jsonl", []byte(test.lines))
			if err != nil {
				t.Fatal(err)
			}
			c := authoring.Test(d, cases...).Coverage
			if got := missing(c.Shapes); got != test.shapes {
				t.Errorf("shapes %s", got)
			}
			if got := missing(c.Codes); got != test.codes {
				t.Errorf("codes %s", got)
			}
			if got := missing(c.Alternatives); got != test.alternatives {
				t.Errorf("alternatives %s", got)
			}
		})
	}
}

func TestTheCatalogAndItsSamplesAgree(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		d := catalogtest.Open(t, name)
		for _, r := range authoring.Test(d).Results {
			for _, f := range r.Differences {
				t.Errorf("%s:%d: %+v", r.File, r.Line, f)
			}
		}
	}
}

func TestAFaultOfACaseIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, line, want string }{
		{"no JSON", `{"status":404`, "1:1 bad_sample"},
		{"a list", `[404]`, "1:1 wrong_type"},
		{"no status", `{"body":"x"}`, "1:1 bad_sample"},
		{"no status of HTTP", `{"status":"gone"}`, "1:11 bad_status"},
		{"an unknown key", `{"status":404,"boddy":"x"}`, "1:15 unknown_key"},
		{"an unknown attribute", `{"status":404,"outcome":{"detial":"x"}}`, "1:26 unknown_attribute"},
		{"a code that is a number", `{"status":404,"outcome":{"code":1022}}`, "1:33 wrong_type"},
		{"an unknown kind of a record", `{"status":404,"outcome":{"items":[{"outcome":{"kind":"gone"}}]}}`, "1:54 unknown_kind"},
		{"an unknown act", `{"status":404,"act":"wait"}`, "1:21 unknown_act"},
		{"a wait with a unit", `{"status":404,"after":"60s"}`, "1:23 wrong_type"},
		{"a complaint that is none", `{"status":404,"complaints":["unfit_boddy"]}`, "1:28 unknown_name"},
		{"the second line, after letters of several bytes", "{\"status\":404}\n\n{\"name\":\"é✓\",\"status\":404,\"ouctome\":{}}\n", "3:27 unknown_key"},
		{"an escape that YAML does not have", `{"status":404,"body":"\ud83d\ude00\/","headers":{"A":["b","c"]},"outcome":{"detail":"\ud83d\ude00"}}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := authoring.Cases("shop.cases.jsonl", []byte(test.line))
			var faults *dialect.FileError
			if errors.As(err, &faults) {
				if d := faults.Diagnostics[0]; fmt.Sprintf("%d:%d %s", d.Line, d.Column, d.Rule) != test.want || len(faults.Diagnostics) > 1 {
					t.Errorf("%v", err)
				}
			} else if err != nil || test.want != "" {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestACaseCanBeMadeByHand(t *testing.T) {
	t.Parallel()
	minute := time.Minute
	report := authoring.Test(compiled(t, shop), authoring.Case{
		Response: dialect.Response{Status: 429},
		Outcome:  map[string]any{"kind": "rate_limited", "status": 429},
		Act:      parlance.ActRetry,
		After:    &minute,
	})
	if report.Failed != 0 {
		t.Errorf("%+v", report.Results[1].Differences)
	}
}

func FuzzCases(f *testing.F) {
	d, err := dialect.Compile("shop.yaml", []byte(shop))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"status":404,"body":{"message":"x"},"outcome":{"kind":"not_found","detail":"x"},"act":"stop"}`,
		`{"status":207,"body":{"records":[{"id":"1","status":200},{"id":2}]},"outcome":{"items":[{"index":0,"id":"1","outcome":{"kind":"success"}}]},"complaints":["unread_element"]}`,
		`{"status":422,"headers":{"A":["b","c"]},"request_headers":{"Accept":"*/*"},"body":"<p>","outcome":{"fields":[{"path":null}],"notes":["a"],"retry_after":1.5},"after":1e3}`,
		"\ufeff{\"status\":999,\"method\":\"\",\"path\":\"\\ud83d\\ude00\"}\n\n[1]\n{",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, lines []byte) {
		cases, err := authoring.Cases("x.cases.jsonl", lines)
		var faults *dialect.FileError
		if err != nil && !errors.As(err, &faults) {
			t.Fatalf("%v", err)
		}
		if faults != nil {
			for _, d := range faults.Diagnostics {
				if d.Line < 1 || d.Column < 1 || d.Rule == "" {
					t.Errorf("%+v", d)
				}
				authoring.Excerpt(lines, d)
			}
		}
		report := authoring.Test(d, cases...)
		for _, r := range report.Results {
			if r.Passed != (len(r.Differences) == 0) {
				t.Errorf("%+v", r)
			}
		}
		if len(report.Results) != len(cases)+1 || report.Passed+report.Failed != len(report.Results) {
			t.Errorf("%d results of %d cases", len(report.Results), len(cases))
		}
	})
}

func TestADefinitionIsCoveredOnceAndWhatIsExtendedIsNot(t *testing.T) {
	t.Parallel()
	base := compiled(t, shop)
	d, err := dialect.Compile("own.yaml", []byte(`dialect: own
extends: shop
codes: {418: invalid}
define:
  node: {$either: [{text!: $field.message}, {children!: [$node]}, {code!: $field.code}]}
shapes:
  - {name: tree, status: 418, json: {root!: $node}}
  - {name: forest, status: 418, json: {roots!: [$node]}}
`), func(string) (*dialect.Dialect, error) { return base, nil })
	if err != nil {
		t.Fatal(err)
	}
	cases, err := authoring.Cases("own.cases.jsonl", []byte(`{"status":418,"body":{"root":{"children":[{"children":[{"text":"a"}]},{"text":"b"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	c := authoring.Test(d, cases...).Coverage
	if got := fmt.Sprintf("%d/%d %d/%d %d/%d %v", c.Shapes.Reached, c.Shapes.Total, c.Codes.Reached, c.Codes.Total,
		c.Alternatives.Reached, c.Alternatives.Total, c.Alternatives.Missing); got != "1/2 1/1 2/3 [{tree: alternative 3 of 3 own.yaml 5 67 }]" {
		t.Error(got)
	}
}

// Every attribute that an Outcome has can be expected of one.
func TestEveryAttributeOfAnOutcomeCanBeExpected(t *testing.T) {
	t.Parallel()
	o := parlance.Outcome{
		Kind: parlance.KindPartial, Notes: []string{"a"}, RetryAfter: time.Second, Retryable: parlance.AdviceStop, Status: 207,
		Fields: []parlance.Field{{Path: "a", Code: "b", Message: "c"}},
		Items:  []parlance.Item{{Index: 1, ID: "2", Outcome: parlance.Outcome{Kind: parlance.KindSuccess}}},
		Extra:  map[string]string{"a": "b"},
	}
	// Whatever text is added to it is set, too.
	for v, i := reflect.ValueOf(&o).Elem(), 0; i < v.NumField(); i++ {
		if f := v.Field(i); f.Kind() == reflect.String {
			f.SetString("text")
		} else if f.IsZero() {
			t.Errorf("set %s in this test", v.Type().Field(i).Name)
		}
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authoring.Cases("x.jsonl", []byte(`{"status":207,"outcome":`+string(text)+`}`)); err != nil {
		t.Error(err)
	}
}
