//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// PostgreSQL refuses to run as root.

// other is who runs it in place of root.
func other() (uid, gid int, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			return 0, 0, err
		}
		gid, err := strconv.Atoi(u.Gid)
		return uid, gid, err
	}
	return 0, 0, errors.New("there is no other user than root")
}

// give gives a folder to the user that the server runs as.
func give(folder string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := other()
	if err != nil {
		return err
	}
	return os.Chown(folder, uid, gid)
}

// another makes a command run as that user.
func another(c *exec.Cmd) {
	if os.Geteuid() != 0 {
		return
	}
	if uid, gid, err := other(); err == nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
}

// Freeze stops it as if the machine stopped responding: its sessions stay open and
// silent, until Thaw. The end of the test thaws it too.
func (s *Server) Freeze() {
	s.t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	defer c.Close(ctx)
	var first int // the process that all others are children of
	pid, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err == nil {
		_, err = fmt.Sscan(string(pid), &first)
	}
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	s.t.Cleanup(s.Thaw)
	s.stop(first) // before the others, lest it begins one more
	rows, err := c.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	others, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		s.t.Fatal("pgtest: ", err)
	}
	s.stop(others...)
}

// Thaw ends Freeze.
func (s *Server) Thaw() {
	for _, pid := range s.frozen {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	s.frozen = nil
}

func (s *Server) stop(pids ...int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGSTOP) // one that is gone says nothing either
	}
	s.frozen = append(s.frozen, pids...)
}
