package caddyparlance

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// Admin is a part of Caddy's admin API: GET /parlance/dialects lists the dialects of the
// configuration that runs.
type Admin struct{}

var _ caddy.AdminRouter = Admin{}

// CaddyModule names the module.
func (Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.parlance", New: func() caddy.Module { return new(Admin) }}
}

// Routes are the paths of the API.
func (Admin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: "/parlance/dialects", Handler: caddy.AdminHandlerFunc(listDialects)}}
}

// Loaded is a dialect that a configuration uses.
type Loaded struct {
	Name     string    `json:"name"`   // as the configuration names it
	Title    string    `json:"title"`  //
	PageDate string    `json:"page"`   // of the vendor's page
	At       time.Time `json:"loaded"` // when it was compiled
}

// listDialects responds with the dialects, by their names.
func listDialects(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet {
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Message: "use GET"}
	}
	list := []Loaded{}
	app, err := caddy.ActiveContext().AppIfConfigured("parlance")
	if err == nil {
		list = app.(*App).list()
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(list)
}

// list are the dialects, by their names.
func (a *App) list() []Loaded {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]Loaded, 0, len(a.dialects))
	for name, l := range a.dialects {
		list = append(list, Loaded{name, l.dialect.Title(), l.dialect.PageDate(), l.at})
	}
	slices.SortFunc(list, func(x, y Loaded) int { return strings.Compare(x.Name, y.Name) })
	return list
}
