// Package nginx builds the module for the nginx that is installed, for its tests and for
// measurements.
package nginx

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// source is where Debian keeps the sources of nginx.
const source = "/usr/share/nginx/src"

// ErrMissing is the error of a machine without nginx or its sources.
var ErrMissing = errors.New("the packages nginx and nginx-dev of Debian are missing")

// Build builds the module as its users do, and libparlance in a folder. It returns both files.
// ./configure takes half a minute, so its result is kept for the next time.
func Build(folder string) (module, library string, err error) {
	if _, err := os.Stat(filepath.Join(source, "configure")); err != nil {
		return "", "", ErrMissing
	}
	version, err := exec.Command("nginx", "-V").CombinedOutput()
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrMissing, err)
	}
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/parlance-api/parlance/lib").Output()
	if err != nil {
		return "", "", err
	}
	lib := strings.TrimSpace(string(out))
	library = filepath.Join(folder, "libparlance.so")
	if err := run(lib, "go", "build", "-buildmode=c-shared", "-o", library, "."); err != nil {
		return "", "", err
	}
	from := filepath.Join(lib, "nginx", "module")
	dir, err := configured(string(version), from)
	if err != nil {
		return "", "", err
	}
	return filepath.Join(dir, "objs", "ngx_http_parlance_module.so"), library, run(dir, "make", "-f", "objs/Makefile", "modules")
}

// configured is a copy of the sources of a version, in which ./configure has run for a module.
func configured(version, from string) (string, error) {
	config, err := os.ReadFile(filepath.Join(from, "config"))
	if err != nil {
		return "", err
	}
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(caches, "parlance", fmt.Sprintf("nginx-%x", sha256.Sum256([]byte(version+from+string(config))))[:24])
	if _, err := os.Stat(filepath.Join(dir, "objs", "Makefile")); err == nil {
		return dir, nil
	}
	made := dir + ".making"
	_ = os.RemoveAll(made)
	_ = os.RemoveAll(dir)
	if err := os.CopyFS(made, os.DirFS(source)); err != nil {
		return "", err
	}
	if err := run(made, "sh", "configure", "--with-compat", "--with-debug", "--with-cc-opt=-g -O2 -Wno-cast-function-type -Wextra", "--add-dynamic-module="+from); err != nil {
		return "", err
	}
	return dir, os.Rename(made, dir)
}

func run(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}
