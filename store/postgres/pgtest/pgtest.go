// Package pgtest starts a PostgreSQL for a test, in a folder of its own and as a user
// other than root. It can end it as abruptly as a test needs.
//
//	pg := pgtest.Start(t)
//	db, err := postgres.Open(t.Context(), pg.URL)
package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL that listens on a socket in its own folder. Its methods
// are for one goroutine at a time.
type Server struct {
	URL string // of a superuser without a password, on the database postgres

	t      testing.TB
	bin    string // where its programs are
	folder string
	frozen []int // processes that stand still
}

// settings: what is lost with the machine may be lost, and a test may open many
// stores at once.
const settings = `
listen_addresses = ''
fsync = off
max_connections = 400
shared_buffers = 32MB
max_wal_size = 256MB
`

// Start starts a new PostgreSQL. It ends with the test, or with the process, even if
// that is killed. If PostgreSQL is not installed, the test fails.
func Start(t testing.TB) *Server {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("pgtest: PostgreSQL is started on Unix only")
	}
	s := &Server{t: t, bin: programs()}
	if s.bin == "" {
		t.Fatal("pgtest: PostgreSQL is missing; .ci/setup installs it")
	}
	// Not below t.TempDir or $TMPDIR, which another user may not enter; and short, for it
	// is a socket's.
	folder, err := os.MkdirTemp("/tmp", "pg")
	if err == nil {
		err = give(folder)
	}
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	s.folder = folder
	s.URL = "postgres:///postgres?" + url.Values{"host": {folder}, "user": {"parlance"}, "sslmode": {"disable"}}.Encode()
	s.guard()
	s.run("initdb", "-D", s.data(), "-U", "parlance", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	config, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintf(config, "%sunix_socket_directories = '%s'\n", settings, folder)
		config.Close()
	}
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	s.Restart()
	return s
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// Kill ends it as a crash does: only committed changes are found in its log afterwards.
func (s *Server) Kill() {
	s.t.Helper()
	s.control("-m", "immediate", "stop")
}

// Stop ends all sessions and the server.
func (s *Server) Stop() {
	s.t.Helper()
	s.control("-m", "fast", "stop")
}

// Restart starts it after Kill or Stop, and waits until it accepts connections.
func (s *Server) Restart() {
	s.t.Helper()
	s.control("-l", filepath.Join(s.folder, "log"), "start")
}

// control waits for longer than the minute that pg_ctl does by itself: the machine
// may be busy.
func (s *Server) control(args ...string) {
	s.t.Helper()
	s.run("pg_ctl", append([]string{"-D", s.data(), "-w", "-t", "600"}, args...)...)
}

// Holds reports that a file of the database has a text, such as a secret. The logs of changes
// are files of it, so what was deleted is found too.
func (s *Server) Holds(text string) bool {
	s.t.Helper()
	found := false
	err := fs.WalkDir(os.DirFS(s.data()), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(s.data(), path))
		found = found || bytes.Contains(content, []byte(text))
		return err
	})
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	return found
}

// Tablespace lets all tables be made in a folder of the test, such as one on a small disk.
// Only root may give it away.
func (s *Server) Tablespace(folder string) {
	s.t.Helper()
	err := os.Chmod(filepath.Dir(folder), 0o755) // t.TempDir is for this user alone
	if err == nil {
		err = give(folder)
	}
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	s.Exec("CREATE TABLESPACE small LOCATION '" + folder + "'")
	s.Exec("ALTER DATABASE postgres SET default_tablespace = small")
}

// Exec runs a statement and returns the number of changed rows.
func (s *Server) Exec(statement string, args ...any) int64 {
	s.t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	defer c.Close(ctx)
	tag, err := c.Exec(ctx, statement, args...)
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	return tag.RowsAffected()
}

// run runs one of its programs to the end.
func (s *Server) run(program string, args ...string) {
	s.t.Helper()
	out, err := os.CreateTemp("", "pgtest") // a pipe would be open for as long as the server runs
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	c := exec.Command(filepath.Join(s.bin, program), args...)
	c.Dir, c.Stdout, c.Stderr = s.folder, out, out
	another(c)
	if err := c.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
		s.t.Fatalf("pgtest: %s: %v\n%s\n%s", program, err, said, log)
	}
}

// guard ends the server and deletes its folder when the test ends, or this
// process: then a pipe breaks.
func (s *Server) guard() {
	c := exec.Command("sh", "-c", `read _; "$0/pg_ctl" -D "$1/data" -m immediate -w stop; cd /; rm -rf "$1"`, s.bin, s.folder)
	c.Dir = s.folder
	another(c)
	pipe, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	s.t.Cleanup(func() {
		io.Closer(pipe).Close()
		_ = c.Wait()
	})
}

// programs is the folder of the newest PostgreSQL: where Debian has it, else
// where the shell finds it.
var programs = sync.OnceValue(func() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { // 9 before 15
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1])
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb)
	}
	return ""
})
