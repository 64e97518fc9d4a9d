package caddyparlance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

// Sources are what a configuration has of the files that it names. Caddy ignores a reload with
// the configuration that runs. So a Caddyfile of which only such a file has changed has to become
// another configuration.
type Sources struct {
	// Files has a hash for each file: of its content, and of that of the files that it extends.
	// A Caddyfile sets it, and it has no other effect.
	Files map[string]string `json:"files,omitempty"`
}

// note adds the hash of a file. One that cannot be read has none: that is told when the
// configuration is loaded.
func (s *Sources) note(name string) {
	sum := sha256.New()
	if !addFile(sum, name, dialect.MaxExtends) {
		return
	}
	if s.Files == nil {
		s.Files = map[string]string{}
	}
	s.Files[name] = hex.EncodeToString(sum.Sum(nil)[:8])
}

// errNoted ends the compilation of a file once it is known what it extends.
var errNoted = errors.New("the file is not needed")

// addFile adds a file and those that it extends, up to a number of them. It reports false for one
// that cannot be read.
func addFile(sum io.Writer, at string, most int) bool {
	info, err := os.Stat(at)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	text, err := os.ReadFile(at)
	if err != nil {
		return false
	}
	_, _ = sum.Write(text)
	_, _ = dialect.Compile(at, text, func(next string) (*dialect.Dialect, error) {
		if strings.HasPrefix(next, ".") && most > 0 { // else a name of the catalog
			addFile(sum, filepath.Join(filepath.Dir(at), filepath.FromSlash(next)), most-1)
		}
		return nil, errNoted
	})
	return true
}
