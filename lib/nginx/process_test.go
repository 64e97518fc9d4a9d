package nginx_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// workers are the processes of nginx whose parent this one is.
func (p *proxy) workers(of int) (all []int) {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", of, of))
	if err != nil {
		p.t.Fatal(err)
	}
	for field := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, pid)
	}
	return all
}

// until calls a condition between requests, until it holds.
func (p *proxy) until(what string, holds func() bool) {
	p.t.Helper()
	for !holds() {
		if err := p.t.Context().Err(); err != nil {
			p.t.Fatalf("%s: %v", what, err)
		}
		_, _ = p.try("GET", "/missing")
	}
}

// load sends requests until it is stopped. Each must be translated into one of the texts.
func (p *proxy) load(texts ...string) (stop func() int) {
	var ended atomic.Bool
	var all sync.WaitGroup
	var count atomic.Int64
	for range 4 {
		all.Go(func() {
			for !ended.Load() && p.t.Context().Err() == nil {
				got, err := p.try("GET", "/missing")
				if err != nil || got.err != nil || !contains(texts, got.body) {
					p.t.Errorf("under load: %q, %v, %v", got.body, err, got.err)
					return
				}
				count.Add(1)
			}
		})
	}
	return func() int {
		ended.Store(true)
		all.Wait()
		return int(count.Load())
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

const vbapiError = `{"data":null,"error":{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"detail":"no such camera","instance":null},"debug":{"activityId":null}}`

// TestNginxReloadsUnderLoad holds that no request is lost or left untranslated while the
// configuration changes, and that a faulty one changes nothing.
func TestNginxReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	up := upstream(t, api)
	config := "server { LISTEN; parlance speaks vms answers %s; location / { proxy_pass " + up + "; } }"
	p := start(t, fmt.Sprintf(config, "problem"))
	p.ask("GET", "/missing")
	stop := p.load(problem, vbapiError)
	hup := func() {
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	for i, to := range []string{"vbapi", "problem", "vbapi"} {
		before := p.workers(p.cmd.Process.Pid)
		p.configure(fmt.Sprintf(config, to))
		hup()
		p.until(fmt.Sprint("reload ", i), func() bool {
			now := p.workers(p.cmd.Process.Pid)
			return len(now) == 1 && now[0] != before[0]
		})
	}
	p.configure(fmt.Sprintf(config, "no-such"))
	hup()
	p.until("the fault is told", func() bool { return strings.Contains(p.log(), `no such dialect`) })
	if got := p.ask("GET", "/missing"); got.body != vbapiError {
		t.Errorf("after a faulty reload: %q", got.body)
	}
	if n := stop(); n == 0 {
		t.Error("there was no load")
	}
}

// TestNginxReplacesAKilledWorker holds that the next worker loads the library anew.
func TestNginxReplacesAKilledWorker(t *testing.T) {
	t.Parallel()
	p := start(t, fmt.Sprintf("server { LISTEN; parlance speaks vms answers problem; location / { proxy_pass %s; } }", upstream(t, api)))
	p.fails = true
	p.ask("GET", "/missing")
	killed := p.workers(p.cmd.Process.Pid)[0]
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.until("another worker", func() bool {
		now := p.workers(p.cmd.Process.Pid)
		return len(now) == 1 && now[0] != killed
	})
	if got := p.ask("GET", "/missing"); got.body != problem {
		t.Errorf("after a kill: %q", got.body)
	}
}

// TestNginxIsUpgradedUnderLoad replaces the program as docs of nginx say: USR2 starts the next
// one beside it, WINCH ends the workers of the first, and QUIT the first. No request is lost or
// left untranslated. Only a daemon is upgraded so.
func TestNginxIsUpgradedUnderLoad(t *testing.T) {
	t.Parallel()
	p := prepared(t)
	p.daemon = true
	p.start(func() {
		p.configure(fmt.Sprintf("server { LISTEN; parlance speaks vms answers problem; location / { proxy_pass %s; } }", upstream(t, api)))
	})
	if err := p.cmd.Wait(); err != nil { // the first process ends when its daemon runs
		t.Fatal(err)
	}
	var first, next int
	t.Cleanup(func() {
		for _, pid := range []int{first, next} {
			if t.Failed() && pid != 0 {
				_ = syscall.Kill(pid, syscall.SIGTERM)
			}
		}
	})
	p.until("the daemon", func() bool { first = p.pid("nginx.pid"); return first != 0 && len(p.workers(first)) == 1 })
	stop := p.load(problem)
	send := func(pid int, signal syscall.Signal) {
		t.Helper()
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
	}
	send(first, syscall.SIGUSR2)
	p.until("the next program", func() bool {
		next = p.pid("nginx.pid")
		return next != 0 && next != first && len(p.workers(next)) == 1
	})
	if old := p.pid("nginx.pid.oldbin"); old != first {
		t.Errorf("the first program is %d, and %d is named so", first, old)
	}
	send(first, syscall.SIGWINCH)
	p.until("the workers of the first end", func() bool { all := p.workers(first); return len(all) == 1 && all[0] == next })
	send(first, syscall.SIGQUIT)
	p.until("the first ends", func() bool { return p.pid("nginx.pid.oldbin") == 0 })
	if got := p.ask("GET", "/missing"); got.body != problem {
		t.Errorf("after the upgrade: %q", got.body)
	}
	if n := stop(); n == 0 {
		t.Error("there was no load")
	}
	send(next, syscall.SIGQUIT)
	p.until("the next ends", func() bool { return p.pid("nginx.pid") == 0 })
}

// pid is what such a file says, 0 if there is none.
func (p *proxy) pid(file string) (pid int) {
	text, _ := os.ReadFile(filepath.Join(p.dir, file))
	pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}
