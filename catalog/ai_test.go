package catalog_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// provider is the file that reads the responses of a provider of the corpus.
func provider(vendor string) string {
	if name, ok := map[string]string{
		"Azure OpenAI": "azure-openai", "Google Gemini API": "gemini", "Google Vertex AI": "vertex-ai", "AWS Bedrock Runtime": "bedrock",
		"Hugging Face Inference": "hugging-face", "llama.cpp server": "llama-cpp", "Together AI": "together", "NVIDIA NIM": "nvidia-nim",
		"Moonshot (Kimi)": "moonshot", "Alibaba DashScope": "dashscope", "Baidu Qianfan": "qianfan", "Volcengine Ark": "volcengine",
		"Cloudflare in front of an AI API": "cloudflare-edge", "Databricks Model Serving": "databricks", "IBM watsonx.ai": "watsonx",
		"ElevenLabs": "elevenlabs", "Stability AI": "stability", "AssemblyAI": "assemblyai", "Zhipu (Z.ai)": "zhipu", "fal.ai": "fal",
		"GitHub Models": "github-models", "Kling AI": "kling",
	}[vendor]; ok {
		return name
	}
	return strings.ToLower(vendor)
}

// TestEveryRecordedResponseOfAnAIProviderReadsAsItIsMeant holds the files of the providers
// against recorded responses: kind, code, detail, fields, request ID and the wait.
func TestEveryRecordedResponseOfAnAIProviderReadsAsItIsMeant(t *testing.T) {
	t.Parallel()
	for _, r := range readCorpus(t, "testdata/ai.jsonl") {
		t.Run(r.Vendor+": "+r.Case, func(t *testing.T) {
			t.Parallel()
			d, err := catalog.Open(provider(r.Vendor))
			if err != nil {
				t.Fatal(err)
			}
			req := dialect.Request{Method: r.Method, Path: r.Path}
			read := d.Decode(req, dialect.Response{Status: r.Status, Header: header(r.Headers), Body: []byte(r.Body)})
			for _, g := range read.Diagnostics {
				t.Errorf("a complaint: %s", g.Error())
			}
			decided := d.Decide(req, &read.Outcome)
			r.allow(&read.Outcome, decided)
			compare(t, &r, &read.Outcome, decided)
		})
	}
}

// allow takes another good reading of the corpus as the expected one, if the response was
// read so.
func (r *recorded) allow(o *parlance.Outcome, d parlance.Decision) {
	texts := map[string]struct {
		got  string
		want **string
	}{"code": {o.Code, &r.Expect.Code}, "message": {o.Detail, &r.Expect.Message}, "request_id": {o.RequestID, &r.Expect.RequestID}}
	for name, others := range r.Also {
		for _, other := range others {
			if text, is := texts[name]; is && deref(other) == text.got {
				*text.want = other
			}
			switch {
			case name == "outcome" && deref(other) == coarse[o.Kind]:
				r.Expect.Outcome = *other
			case name == "retry" && deref(other) == retryWord(o, d):
				r.Expect.Retry = *other
			}
		}
	}
}

// situations are the rows of the table in docs/ai.md.
var situations = []struct {
	kind   parlance.Kind
	reason parlance.Reason
}{
	{parlance.KindQuota, parlance.ReasonBalance},
	{parlance.KindQuota, parlance.ReasonPlanLimit},
	{parlance.KindRateLimited, ""},
	{parlance.KindRateLimited, parlance.ReasonConcurrency},
	{parlance.KindUnavailable, parlance.ReasonOverloaded},
	{parlance.KindUnavailable, parlance.ReasonLoading},
	{parlance.KindInvalid, parlance.ReasonContextLength},
	{parlance.KindInvalid, parlance.ReasonRequestTooLarge},
	{parlance.KindFailed, parlance.ReasonContentPolicy},
	{parlance.KindNotFound, parlance.ReasonModelNotFound},
	{parlance.KindForbidden, parlance.ReasonRegion},
	{parlance.KindUnauthenticated, parlance.ReasonNoCredential},
	{parlance.KindUnauthenticated, parlance.ReasonWrongCredential},
	{parlance.KindUnauthenticated, parlance.ReasonKeyExpired},
}

// TestTheTableOfTheGuideToAIProvidersIsThatOfTheFiles makes the table of docs/ai.md from
// the files. With -update it is written anew.
func TestTheTableOfTheGuideToAIProvidersIsThatOfTheFiles(t *testing.T) {
	t.Parallel()
	const guide, begin, end = "../docs/ai.md", "<!-- made from the files -->\n", "<!-- end -->\n"
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), begin)
	got, after, found := strings.Cut(rest, end)
	if !found {
		t.Fatalf("%s has no place for the table", guide)
	}
	var table strings.Builder
	for _, s := range situations {
		fmt.Fprintf(&table, "\n### %s/%s\n\n| Provider | Sends |\n|---|---|\n", s.kind, cmp.Or(string(s.reason), "(no reason)"))
		var unknown []string
		for _, name := range catalog.Names() {
			d := opened(t, name)
			if d.Group() != "ai" {
				continue
			}
			cell := sends(d, s.kind, s.reason)
			if base := extended(t, name); cell == "" && base != "" && sends(opened(t, base), s.kind, s.reason) != "" {
				cell = "(as " + base + ")"
			}
			if cell == "" {
				unknown = append(unknown, name)
				continue
			}
			fmt.Fprintf(&table, "| %s | %s |\n", name, cell)
		}
		for some := range slices.Chunk(unknown, 20) {
			fmt.Fprintf(&table, "| (unknown) | %s |\n", strings.Join(some, ", "))
		}
	}
	want := table.String() + "\n"
	if *update {
		if err := os.WriteFile(guide, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s has another table than the files; go test ./catalog -run TableOfTheGuide -args -update writes it anew", guide)
	}
}

// TestASituationOfTheGuideIsAnsweredAsItsTableSays holds the first table of docs/ai.md, in
// which each situation has its kind, its reason and what a caller does.
func TestASituationOfTheGuideIsAnsweredAsItsTableSays(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/ai.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "| Situation | Kind and reason | A caller |\n|---|---|---|\n")
	table, _, _ := strings.Cut(rest, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) != len(situations) {
		t.Fatalf("%d rows; want %d", len(rows), len(situations))
	}
	words := map[parlance.Act]string{parlance.ActStop: "stops", parlance.ActRetry: "retries", parlance.ActCorrect: "corrects"}
	d := opened(t, "openai")
	for i, s := range situations {
		cells := strings.Split(strings.Trim(rows[i], "| "), " | ")
		name := strings.TrimSuffix(fmt.Sprintf("%s/%s", s.kind, s.reason), "/")
		if len(cells) != 3 || cells[1] != "`"+name+"`" {
			t.Errorf("row %d is %q; want that of %s", i, rows[i], name)
			continue
		}
		o := parlance.Outcome{Kind: s.kind, Reason: s.reason}
		if act := d.Decide(dialect.Request{Method: "GET"}, &o).Act; !strings.HasPrefix(cells[2], words[act]) || words[act] == "" {
			t.Errorf("%s: the table says that a caller %s; the act is %s", name, cells[2], act)
		}
	}
}

// sends are the codes, statuses and forms by which a file knows a situation.
func sends(d *dialect.Dialect, kind parlance.Kind, reason parlance.Reason) string {
	var all []string
	for _, e := range authoring.Codes(d) {
		if e.Kind != kind || e.Reason != reason {
			continue
		}
		cell := "`" + e.Key + "`"
		if strings.Contains(e.Key, " ") && !strings.Contains(e.Key, ",") || e.When != "" {
			cell += " (form)"
		}
		if !slices.Contains(all, cell) {
			all = append(all, cell)
		}
	}
	return strings.Join(all, "; ")
}
