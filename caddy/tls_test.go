package caddyparlance_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	_ "github.com/caddyserver/caddy/v2/modules/caddytls"
)

// secure is a Caddy that serves HTTPS, by HTTP/1.1, 2 and 3.
type secure struct {
	*server
	trust *tls.Config
	dir   string
}

// loadTLS runs Caddy with a Caddyfile. ADDRESS in it stands for an address of HTTPS, and
// CERTIFICATE for the two files of its certificate.
func loadTLS(t *testing.T, file string) *secure {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &secure{server: &server{t: t, port: l.Addr().(*net.TCPAddr).Port}, dir: t.TempDir()}
	_ = l.Close()
	certificate, key, trust := certify(t, s.dir)
	s.trust = trust
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	config, err := adapt(strings.NewReplacer(
		"ADDRESS", fmt.Sprintf("https://127.0.0.1:%d", s.port), "CERTIFICATE", certificate+" "+key,
	).Replace(fmt.Sprintf(global, s.dir, "INFO") + file))
	if err == nil {
		err = caddy.Load(config, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// certify writes a certificate for 127.0.0.1 and its key, and tells how to trust it.
func certify(t *testing.T, dir string) (certificate, key string, trust *tls.Config) {
	t.Helper()
	own := httptest.NewUnstartedServer(nil)
	own.StartTLS() // it makes the certificate
	own.Close()
	of := own.TLS.Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(of.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: of.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AddCert(own.Certificate())
	return certificate, key, &tls.Config{RootCAs: pool}
}
