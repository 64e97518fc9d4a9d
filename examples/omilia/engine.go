package omilia

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance/server"
)

// engine is a service behind, which knows what a message means.
type engine struct {
	url    string
	client *http.Client
}

// meaning is what it says; no Intent is that it does not know.
type meaning struct {
	Intent string
	Mood   int
}

func (e engine) ask(ctx context.Context, text string) (m meaning, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, strings.NewReader(text))
	if err != nil {
		return m, err
	}
	res, err := e.client.Do(req)
	if err != nil {
		return m, server.Upstream(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return m, server.Upstream(fmt.Errorf("the engine responded with %s", res.Status))
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&m); err != nil {
		return m, server.Upstream(fmt.Errorf("the engine responded with nonsense: %w", err))
	}
	return m, nil
}
