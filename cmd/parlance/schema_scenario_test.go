package main

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/mock/scenario"
)

// faultsOf are what is wrong with a scenario.
func faultsOf(text string) (all []string) {
	stripe, err := catalog.Open("stripe")
	if err == nil {
		_, err = scenario.Compile("test.yaml", []byte(text), stripe)
	}
	if err != nil {
		for _, d := range err.(*dialect.FileError).Diagnostics {
			all = append(all, d.Message)
		}
	}
	return all
}

func TestTheSchemaOfScenariosTakesWhatTheParserTakes(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t, "scenario")
	files, err := filepath.Glob("../../mock/scenario/testdata/*.good.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if err := schema.Validate(asJSON(t, file)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for _, text := range []string{
		"requests: {/: 503}",
		"requests: {GET HEAD /a/*: '503, 503, then 200', 'POST, PUT *': 429 until 20s, '*': every 5th reset}",
		"requests: {/: 10% 503 or 2.5% reset 3 times then repeat}",
		"latency: 20ms..1.5s",
		"latency: 1m30s",
		"latency: 1d",
		"seed: 0\nstate: {}",
		"state: {tokens: {life: 30s, rotate: true, refuse: false}, limit: {requests: 1, per: 1h}, idempotency: {in_flight: 1ms}, jobs: {take: 2m}}",
		"requests: {/: a}\nresponses: {a: {code: 503, fields: [a, b], items: 3, failed: 0, retry-after: 1m, dynamic: true, latency: 1s..2s, fault: slow}}",
		"requests: {/: a}\nresponses: {a: {kind: invalid/fields, sample: 1, detail: 7, note: true, fields: a b, example: z}}",
	} {
		text = "scenario: x\n" + text
		if faults := faultsOf(text); len(faults) > 0 {
			t.Errorf("%s\nthe parser says %v", text, faults)
		}
		if err := schema.Validate(yamlAsJSON(t, []byte(text))); err != nil {
			t.Errorf("%s\nthe schema says %v", text, err)
		}
	}
}

func TestTheSchemaOfScenariosRefusesWhatTheParserRefuses(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t, "scenario")
	for _, text := range []string{
		"", "nokey: 1\nlatency: 1s", "requests: {}", "requests: []", "latency: fast", "latency: [1s]", "seed: -1\nlatency: 1s", "seed: seven\nlatency: 1s",
		"requests: {GET: 503}", "requests: {get /a: 503}", "requests: {GET /a /b: 503}", "requests: {/a?b: 503}", "requests: {/a: [503]}", "requests: {/a: {code: 503}}",
		"requests: {/a: '503,, then 200'}", "requests: {/a: }",
		"state: {tokens: {live: 1s}}", "state: {tokens: {rotate: maybe}}", "state: {limit: {requests: 1}}", "state: {limit: {requests: 0, per: 1s}}", "state: {idempotency: {in_flight: soon}}", "state: {jobs: 3s}",
		"latency: 1s\nresponses: {A: {code: 503}}", "latency: 1s\nresponses: {a: {}}", "latency: 1s\nresponses: {a: {fault: boom}}", "latency: 1s\nresponses: {a: {items: many}}", "latency: 1s\nresponses: {a: {items: 1001}}",
		"latency: 1s\nresponses: {a: {element: 0}}", "latency: 1s\nresponses: {a: {cut: 16777217}}", "latency: 1s\nresponses: {a: {fields: {a: b}}}", "latency: 1s\nresponses: {a: {retry-after: 7}}", "latency: 1s\nresponses: {a: {dynamic: 1}}", "latency: 1s\nresponses: {a: {nokey: 1}}",
	} {
		text = "scenario: x\n" + text
		if len(faultsOf(text)) == 0 {
			t.Errorf("%s\nthe parser takes it", text)
		}
		if schema.Validate(yamlAsJSON(t, []byte(text))) == nil {
			t.Errorf("%s\nthe schema takes it", text)
		}
	}
}

func TestTheSchemaOfScenariosHasTheKeysOfTheParser(t *testing.T) {
	t.Parallel()
	stdout, _, _ := invoke(t, "", "schema", "scenario")
	type object struct {
		Properties map[string]struct{ Properties map[string]any } `json:"properties"`
	}
	var schema struct {
		Properties map[string]object         `json:"properties"`
		Defs       struct{ Response object } `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(stdout), &schema); err != nil {
		t.Fatal(err)
	}
	state := schema.Properties["state"].Properties
	keys := func(text string) (said []string) {
		for _, message := range faultsOf("scenario: x\nlatency: 1s\n" + text) {
			if _, list, ok := strings.Cut(message, "\"nokey\"; expected one of "); ok {
				said = strings.Split(list, ", ")
			}
		}
		slices.Sort(said)
		return said
	}
	for text, has := range map[string][]string{
		"nokey: 1":                         slices.Sorted(maps.Keys(schema.Properties)),
		"responses: {a: {nokey: 1}}":       slices.Sorted(maps.Keys(schema.Defs.Response.Properties)),
		"state: {nokey: 1}":                slices.Sorted(maps.Keys(state)),
		"state: {tokens: {nokey: 1}}":      slices.Sorted(maps.Keys(state["tokens"].Properties)),
		"state: {limit: {nokey: 1}}":       slices.Sorted(maps.Keys(state["limit"].Properties)),
		"state: {idempotency: {nokey: 1}}": slices.Sorted(maps.Keys(state["idempotency"].Properties)),
		"state: {jobs: {nokey: 1}}":        slices.Sorted(maps.Keys(state["jobs"].Properties)),
	} {
		if said := keys(text); !slices.Equal(said, has) || len(has) == 0 {
			t.Errorf("%s: the schema has %v, the parser %v", text, has, said)
		}
	}
}
