package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

//go:embed board/board.tmpl
var boardSource string

//go:embed board/board.css
var boardStyle string

//go:embed board/board.js
var boardScript string

var boardTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("board").Parse(boardSource)) })

// boardPage is the page of the switches for a browser.
type boardPage struct {
	Systems []boardSystem
	Shown   *Shown // what a button brought about; nil for nothing yet
	Fault   string // why it could not; "" for nothing
}

// boardSystem is a service and its buttons.
type boardSystem struct {
	Name, Service, Gateway string
	Switches               []Switch
	Notes                  []string
}

// Style is the page's own style.
func (boardPage) Style() template.CSS { return template.CSS(boardStyle) }

// Script is the page's own script.
func (boardPage) Script() template.JS { return template.JS(boardScript) }

// boardPolicy lets the page's own style and script run, and the page talk to this server.
var boardPolicy = sync.OnceValue(func() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(boardStyle) + "; script-src " + hash(boardScript) +
		"; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
})

// write writes the page.
func (d *Demo) writePage(w http.ResponseWriter, status int, shown *Shown, fault string) {
	p := boardPage{Shown: shown, Fault: fault}
	for _, s := range d.stations {
		all := s.switches()
		if len(all) == 0 {
			continue
		}
		system := boardSystem{Name: s.system, Service: s.service, Gateway: s.at, Notes: s.unseen}
		for _, c := range all {
			system.Switches = append(system.Switches, d.shown(s, c))
		}
		p.Systems = append(p.Systems, system)
	}
	var text bytes.Buffer
	if err := boardTemplate().Execute(&text, p); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", boardPolicy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes())
}

// pressed is a button of the page.
func (d *Demo) pressed(w http.ResponseWriter, r *http.Request) {
	// Not the request's context: what is begun for a caller who has left is finished.
	shown, found, err := d.Show(context.WithoutCancel(r.Context()), r.PathValue("name"))
	switch {
	case !found:
		d.writePage(w, http.StatusNotFound, nil, "There is no such button.")
	case err != nil:
		d.writePage(w, http.StatusInternalServerError, nil, err.Error())
	default:
		d.writePage(w, http.StatusOK, &shown, "")
	}
}

// asksForPage reports that a browser asks, and not curl.
func asksForPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// local serves a handler to callers that name this machine. A foreign name that leads here
// (DNS rebinding) gets nothing.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		ip, err := netip.ParseAddr(host)
		if host != "localhost" && (err != nil || !ip.IsLoopback()) {
			http.Error(w, "# The demo is on this machine alone: open it at 127.0.0.1 or localhost.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
