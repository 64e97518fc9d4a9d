package caddyparlance

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/outbox"
)

// Admin is a part of Caddy's admin API, about the configuration that runs:
//
//	GET /parlance/dialects          the dialects, and when each was compiled
//	GET /parlance/activity/ID       the record of a request
//	GET /parlance/outbox            the requests of the outbox; ?state, vendor, before and most select
//	GET /parlance/outbox/ID         one of them
//	GET /parlance/maintenance       the switches of parlance_maintenance
//	PUT /parlance/maintenance/NAME  {"closed": true, "until": "2026-12-02T18:00:00Z"}
type Admin struct{}

var _ caddy.AdminRouter = Admin{}

// CaddyModule names the module.
func (Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.parlance", New: func() caddy.Module { return new(Admin) }}
}

// Routes are the paths of the API.
func (Admin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: "/parlance/dialects", Handler: reading(listDialects)},
		{Pattern: "/parlance/activity/", Handler: reading(findRecord)},
		{Pattern: "/parlance/outbox", Handler: reading(listOutbox)},
		{Pattern: "/parlance/outbox/", Handler: reading(findDelivery)},
		{Pattern: "/parlance/maintenance", Handler: reading(listSwitches)},
		{Pattern: "/parlance/maintenance/", Handler: caddy.AdminHandlerFunc(setSwitch)},
	}
}

// reading responds to a GET with a value as JSON. id is the end of the path.
func reading(get func(a *App, r *http.Request, id string) (any, error)) caddy.AdminHandler {
	return caddy.AdminHandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != http.MethodGet {
			return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Message: "use GET"}
		}
		a, err := running()
		if err != nil {
			return err
		}
		value, err := get(a, r, lastPart(r))
		switch {
		case errors.Is(err, parlance.ErrNotFound):
			return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: err}
		case errors.Is(err, parlance.ErrUnavailable):
			return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
		case err != nil:
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(value)
	})
}

// running is the app of the configuration that runs, or an empty one.
func running() (*App, error) {
	app, err := caddy.ActiveContext().AppIfConfigured("parlance")
	if errors.Is(err, caddy.ErrNotConfigured) {
		return new(App), nil
	}
	if err != nil {
		return nil, err
	}
	return app.(*App), nil
}

func lastPart(r *http.Request) string { return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] }

// Loaded is a dialect that a configuration uses.
type Loaded struct {
	Name     string    `json:"name"`   // as the configuration names it
	Title    string    `json:"title"`  //
	PageDate string    `json:"page"`   // of the vendor's page
	At       time.Time `json:"loaded"` // when it was compiled
}

// listDialects are the dialects, by their names.
func listDialects(a *App, _ *http.Request, _ string) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]Loaded, 0, len(a.dialects))
	for name, l := range a.dialects {
		list = append(list, Loaded{name, l.dialect.Title(), l.dialect.PageDate(), l.at})
	}
	slices.SortFunc(list, func(x, y Loaded) int { return strings.Compare(x.Name, y.Name) })
	return list, nil
}

// errNoStore says that no directive of the configuration keeps anything.
var errNoStore = caddy.APIError{HTTPStatus: http.StatusNotFound, Message: "the configuration has no store, since no directive needs one"}

// inUse is the store of the configuration.
func (a *App) inUse() (*openStore, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.store == nil {
		return nil, errNoStore
	}
	return a.store, nil
}

func findRecord(a *App, r *http.Request, id string) (any, error) {
	db, err := a.inUse()
	if err != nil {
		return nil, err
	}
	return db.Activity().Find(r.Context(), id)
}

func findDelivery(a *App, r *http.Request, id string) (any, error) {
	db, err := a.inUse()
	if err != nil {
		return nil, err
	}
	d, err := outbox.NewReader(db.Queue()).Find(r.Context(), id)
	return d.Redacted(), err
}

// selectors are the parameters that select requests of the outbox.
var selectors = []string{"state", "vendor", "before", "most"}

// mistaken refuses a request of the admin API.
func mistaken(format string, args ...any) error {
	return caddy.APIError{HTTPStatus: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

func listOutbox(a *App, r *http.Request, _ string) (any, error) {
	db, err := a.inUse()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	for name := range q {
		if !slices.Contains(selectors, name) {
			return nil, mistaken("there is no parameter %q: use %s", name, strings.Join(selectors, ", "))
		}
	}
	state, err := outbox.ParseState(q.Get("state"))
	if err != nil {
		return nil, mistaken("%v", err)
	}
	f := outbox.Filter{State: state, Vendor: q.Get("vendor"), Before: q.Get("before")}
	if text := q.Get("most"); text != "" {
		if f.Most, err = strconv.Atoi(text); err != nil || f.Most < 1 || f.Most > 1000 {
			return nil, mistaken("most is a number from 1 to 1000")
		}
	}
	list, err := outbox.NewReader(db.Queue()).List(r.Context(), f)
	all := make([]outbox.Delivery, len(list))
	for i := range list {
		all[i] = list[i].Redacted()
	}
	return all, err
}

// Closed is the state of a switch of parlance_maintenance.
type Closed struct {
	Closed bool      `json:"closed"`
	Until  time.Time `json:"until,omitzero"` // the expected end
}

func listSwitches(a *App, _ *http.Request, _ string) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string]Closed{}
	for name, s := range a.switches {
		all[name] = s.state()
	}
	return all, nil
}

// setSwitch closes or opens by a switch, and responds with its state.
func setSwitch(w http.ResponseWriter, r *http.Request) error {
	a, err := running()
	if err != nil {
		return err
	}
	a.mu.Lock()
	s := a.switches[lastPart(r)]
	a.mu.Unlock()
	if s == nil {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Message: "no directive parlance_maintenance has a switch of this name"}
	}
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		var to Closed
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&to); err != nil {
			return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
		}
		s.set(to)
	default:
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Message: "use GET or PUT"}
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(s.state())
}
