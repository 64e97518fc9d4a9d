package plain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// reports come from a service behind. What a client is told of its failure is
// our own: addresses and responses behind us stay in the log.
type reports struct {
	url    *url.URL
	client *http.Client
}

func (p reports) write(_ http.ResponseWriter, r *http.Request) (any, error) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, p.url.String(), nil)
	if err != nil {
		return nil, err
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, behind(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	switch {
	case err != nil:
	case res.StatusCode != http.StatusOK:
		err = fmt.Errorf("%s responded with %s", p.url, res.Status)
	case !json.Valid(text):
		err = errors.New(p.url.String() + " sent no JSON")
	default:
		return json.RawMessage(text), nil
	}
	return nil, behind(err)
}

// behind is what went wrong with the service behind, in our own words.
func behind(err error) error {
	return server.Upstream(err, parlance.Outcome{Detail: "The report writer cannot be used now"})
}
