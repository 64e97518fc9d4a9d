package attack

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var caddy = flag.String("caddy", "", "the command parlance-gateway, which is attacked too")

// startCaddy runs Caddy with the modules of Parlance, before the same dialects as the gateways.
func startCaddy(t *testing.T, upstream string) *process {
	t.Helper()
	dir := t.TempDir()
	addresses := map[string]string{}
	var file strings.Builder
	fmt.Fprintf(&file, "{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n\tstorage file_system %s\n\tlog default {\n\t\toutput discard\n\t}\n}\n", dir)
	for _, its := range gateways {
		_, name, _ := strings.Cut(its, "/")
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addresses["caddy/"+name] = l.Addr().String()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		fmt.Fprintf(&file, "http://:%s {\n\tbind 127.0.0.1\n\tparlance problem\n\trewrite * /%s{uri}\n\treverse_proxy %s {\n\t\ttransport parlance {\n\t\t\tspeaks %s\n\t\t\tmax_wait 1ns\n\t\t}\n\t}\n}\n", port, name, upstream, name)
		_ = l.Close()
	}
	config := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(config, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(*caddy, "run", "--config", config)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for _, address := range addresses {
		for {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				_ = conn.Close()
				break
			}
			select {
			case err := <-ended:
				ended <- err
				t.Fatalf("Caddy ended at once: %v", err)
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return &process{pid: cmd.Process.Pid, addresses: addresses}
}
