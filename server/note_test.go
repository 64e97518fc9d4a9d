package server_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestANoteAboutWhatAHandlerWritesItselfStandsInTheHeader(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vision")
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.AddNote(r, "This is a part")
		server.AddNote(r, "There is more")
		http.ServeContent(w, r, "a.csv", time.Time{}, strings.NewReader("0123456789"))
	}))
	a := servertest.Ask(t, h, "GET", "/", "Range", "bytes=2-4")
	if got, want := a.Header.Values("Vision-Note"), []string{"This is a part", "There is more"}; !slices.Equal(got, want) || a.Status != 206 || a.Body != "234" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") {
		t.Errorf("got %+v, want the notes %q", a, want)
	}
	if a.Header.Get(server.RequestIDHeader) == "" || log.String() != "" {
		t.Errorf("got header %v, log %s", a.Header, log)
	}
	// Under a failure there is nothing to note.
	if a := servertest.Ask(t, h, "GET", "/", "Range", "bytes=99-"); a.Header.Get("Vision-Note") != "" || a.Status != 416 {
		t.Errorf("got %+v", a)
	}
}

func TestANoteWithoutAPlaceIsAWarningInTheLog(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]func(*server.Server) http.Handler{
		"returned": func(s *server.Server) http.Handler {
			return s.Handle(servertest.Returns(server.Noted(nil, "Look at it"), nil))
		},
		"about what the handler wrote": func(s *server.Server) http.Handler {
			return s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				server.AddNote(r, "Look at it")
				w.Header().Set("Content-Type", "text/csv")
				_, _ = io.WriteString(w, "a,b")
			}))
		},
		"about JSON that gets an envelope": func(s *server.Server) http.Handler {
			return s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				server.AddNote(r, "Look at it")
				_, _ = io.WriteString(w, "[1]")
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, log := servertest.New(t, "vbapi")
			a := servertest.Ask(t, h(s), "GET", "/")
			if l := log.Lines(t); len(l) != 1 || l[0]["level"] != "WARN" || l[0]["attribute"] != "notes" || l[0]["activity_id"] != a.ID() {
				t.Errorf("got log %s, of %+v", log, a)
			}
		})
	}
}

func TestANoteUnderNoServerDoesNothing(t *testing.T) {
	t.Parallel()
	a := servertest.Ask(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.AddNote(r, "Look at it")
		_, _ = io.WriteString(w, "done")
	}), "GET", "/")
	if a.Body != "done" {
		t.Errorf("got %+v", a)
	}
}
