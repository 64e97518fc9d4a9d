//go:build !unix

package pgtest

import "os/exec"

func give(string) error { return nil }

func another(*exec.Cmd) {}

func (s *Server) Freeze() {}

func (s *Server) Thaw() {}
