package vbapi

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/parlance-api/parlance/server"
)

// rating is what the rating service says of a product. What goes wrong with that
// is told by its kind, and in none of its words.
func (s *Service) rating(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := s.find(r)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, s.config.Rating+"/ratings/"+p.ID, nil)
	if err != nil {
		return nil, err
	}
	behind := http.Client{Transport: server.RecordCalls(s.config.Transport)}
	res, err := behind.Do(req)
	if err != nil {
		return nil, server.Upstream(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, server.Upstream(fmt.Errorf("the rating service responds with %s", res.Status))
	}
	var stars struct {
		Stars int `json:"stars"`
	}
	if err := json.NewDecoder(res.Body).Decode(&stars); err != nil {
		return nil, server.Upstream(err)
	}
	return stars, nil
}
