package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
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
			name := provider(r.Vendor)
			if !slices.Contains(catalog.Names(), name) {
				t.Skipf("%s is not in the catalog yet", name)
			}
			d, err := catalog.Open(name)
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
