package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Switch brings the cause of one row of a system's page about, from outside. The
// cause stays until the next switch of the system.
type Switch struct {
	System string
	Name   string // "vision-150"; "vision-403-rate" is one of several causes
	Cause  string
	Status int    // of the response to Send
	Code   string // in its body; "" for none
	Throw  string // the command that brings the cause about
	Send   string // the command that meets it
}

// calm is the name of the switch that starts every service anew.
const calm = "calm"

// Switches are those of all systems, by code.
func (d *Demo) Switches() []Switch {
	var all []Switch
	for _, s := range d.stations {
		for _, c := range s.switches() {
			all = append(all, d.shown(s, c))
		}
	}
	return all
}

// Board is the URL of the switches. A GET lists them.
func (d *Demo) Board() string { return d.switches }

// switches are the scenarios that have one.
func (s *station) switches() []Scenario {
	all := slices.DeleteFunc(slices.Clone(s.scenarios), func(c Scenario) bool { return c.Name == "" })
	slices.SortFunc(all, func(a, b Scenario) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (d *Demo) shown(s *station, c Scenario) Switch {
	name := s.system + "-" + c.Name
	status, code := c.comes()
	return Switch{
		System: s.system, Name: name, Cause: c.Cause, Status: status, Code: code,
		Throw: "curl -X POST " + d.switches + "/" + name,
		Send:  strings.Join(c.Ask.by(s.token).curl(s.service), " "),
	}
}

// says is a comment for a shell.
func (s Switch) says() string {
	text := fmt.Sprintf("# %s (%d", s.Name, s.Status)
	if s.Code != "" {
		text += ", code " + s.Code
	}
	return text + "): " + s.Cause + "\n"
}

// board serves the switches: a page for browsers, and commands for curl. A page of another
// site cannot throw them.
func (d *Demo) board() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /show/{name}", d.pressed)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept")
		if asksForPage(r) {
			d.writePage(w, http.StatusOK, nil, "")
			return
		}
		fmt.Fprintf(w, `# Each code has two commands. The first brings its cause about, and the second meets it.
# A switch starts its service anew. Its cause then stays until the next switch of the
# service. This runs both commands: curl -s -X POST %[1]s/NAME | sh
# Sent to the gateway of a system, the second command gets its response as RFC 9457.

# %[2]s: all services as they were started
curl -X POST %[1]s/%[2]s
`, d.switches, calm)
		d.list(w, "")
	})
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, r *http.Request) {
		if !d.list(w, r.PathValue("name")) {
			d.unknown(w)
		}
	})
	mux.HandleFunc("POST /"+calm, func(w http.ResponseWriter, r *http.Request) {
		for _, s := range d.stations {
			if !d.throw(w, r, s, Scenario{}) {
				return
			}
		}
		_, _ = io.WriteString(w, "# All services are as they were started.\n")
	})
	mux.HandleFunc("POST /{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, s := range d.stations {
			for _, c := range s.switches() {
				if shown := d.shown(s, c); shown.Name == r.PathValue("name") {
					if d.throw(w, r, s, c) {
						_, _ = io.WriteString(w, shown.says()+shown.Send+"\n")
					}
					return
				}
			}
		}
		d.unknown(w)
	})
	return local(http.NewCrossOriginProtection().Handler(mux))
}

// list writes the switch of that name, or all of a system, or all. It reports
// whether there is one.
func (d *Demo) list(w io.Writer, name string) (found bool) {
	for _, s := range d.stations {
		all := name == "" || name == s.system
		if all && s.build != nil {
			fmt.Fprintf(w, "\n# %s is at %s, its gateway at %s.\n", s.system, s.service, s.at)
		}
		for _, c := range s.switches() {
			if shown := d.shown(s, c); all || name == shown.Name {
				fmt.Fprintf(w, "\n%s%s\n%s\n", shown.says(), shown.Throw, shown.Send)
				found = true
			}
		}
		for _, why := range s.unseen {
			if all {
				fmt.Fprintf(w, "\n# %s %s\n", s.system, why)
			}
		}
	}
	return found
}

func (d *Demo) unknown(w http.ResponseWriter) {
	http.Error(w, "# There is no such switch. This command lists all:\ncurl "+d.switches, http.StatusNotFound)
}

// throw brings the cause of a scenario about, and reports whether it could.
func (d *Demo) throw(w http.ResponseWriter, r *http.Request, s *station, c Scenario) bool {
	// Not the request's context: what is begun for a caller who has left is finished.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), enough)
	defer cancel()
	if err := s.bring(ctx, d, c); err != nil {
		http.Error(w, "# The cause could not be brought about: "+err.Error(), http.StatusInternalServerError)
		return false
	}
	return true
}
