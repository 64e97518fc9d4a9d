package catalog_test

import (
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// TestNoDialectOfAnAIProviderRetriesWhatIsStoredOrAJob holds the operations that are safe
// against the paths of threads, batches, files and paid jobs of all providers.
func TestNoDialectOfAnAIProviderRetriesWhatIsStoredOrAJob(t *testing.T) {
	t.Parallel()
	paths := []string{
		"/v1/responses", "/v1/conversations", "/v1/threads", "/v1/threads/t1/messages", "/v1/threads/t1/runs", "/v1/assistants",
		"/v1/batches", "/v1/messages/batches", "/v1/files", "/v1/uploads", "/v1/fine_tuning/jobs", "/v1/fine-tunes", "/v1/vector_stores",
		"/v1/images/generations", "/v1/images/edits", "/v1/videos", "/v1/video/generations", "/v1/video_generation", "/v1/videos/text2video",
		"/async/chat/completions", "/v1/async/sonar", "/api/paas/v4/async/chat/completions", "/api/v3/batch/chat/completions",
		"/api/v3/contents/generations/tasks", "/api/v1/services/aigc/text2image/image-synthesis", "/v1/embed-jobs", "/v1/transcript",
		"/v1/listen", "/v1/speech-to-text", "/v1/dubbing", "/v1/voices/add", "/v1/predictions", "/v1/models/owner/name/predictions",
		"/api/models/owner/name/commit/main", "/api/create", "/api/pull", "/model/m/async-invoke", "/v1beta/models/m:batchGenerateContent",
		"/v1beta/models/m:predictLongRunning", "/v1beta/cachedContents", "/client/v4/accounts/a/ai/v1/responses", "/openai/v1/responses",
	}
	for _, name := range catalog.Names() {
		d := opened(t, name)
		if d.Group() != "ai" {
			continue
		}
		for _, path := range paths {
			if d.Idempotent(dialect.Request{Method: "POST", Path: path}) {
				t.Errorf("%s: POST %s is safe to retry", name, path)
			}
		}
	}
}

// TestAPathThatNoClientOfItsVendorRetriesIsNotSafe holds the own paths of vendors whose
// clients retry nothing against the paths of the same vendors that a client retries.
func TestAPathThatNoClientOfItsVendorRetriesIsNotSafe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, not, safe string }{
		{"dashscope", "/api/v1/services/aigc/text-generation/generation", "/compatible-mode/v1/chat/completions"},
		{"hugging-face", "/generate", "/hf-inference/models/owner/name"},
		{"llama-cpp", "/completion", "/v1/chat/completions"},
		{"llama-cpp", "/embeddings", "/v1/embeddings"},
		{"minimax", "/v1/text/chatcompletion_v2", "/anthropic/v1/messages"},
		{"huawei-apig", "/v1/rerank", "/v1/embeddings"},
		{"litellm-proxy", "/v1/rerank", "/v1/embeddings"},
		{"nvidia-nim", "/v1/ranking", "/v1/embeddings"},
		{"siliconflow", "/v1/rerank", "/v1/embeddings"},
		{"vllm", "/pooling", "/v1/embeddings"},
		{"vllm", "/generate", "/v1/completions"},
		{"ollama", "/api/chat", "/v1/chat/completions"},
		{"ollama", "/api/embeddings", "/v1/embeddings"},
		{"pollinations", "/openai", "/v1/chat/completions"},
		{"zhipu", "/api/paas/v4/rerank", "/api/paas/v4/chat/completions"},
	} {
		d := opened(t, c.name)
		if d.Idempotent(dialect.Request{Method: "POST", Path: c.not}) {
			t.Errorf("%s: POST %s is safe to retry", c.name, c.not)
		}
		if !d.Idempotent(dialect.Request{Method: "POST", Path: c.safe}) {
			t.Errorf("%s: POST %s is not safe to retry", c.name, c.safe)
		}
	}
}
