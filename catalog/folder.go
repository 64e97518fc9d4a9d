package catalog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

// Open compiles the dialect of the catalog with this name, or a file if [IsFile] takes
// the argument for a path. A file can extend what [Find] finds. For an unknown name the
// error is an [ErrUnknown].
//
// It takes about a millisecond, so keep the result: a Dialect is safe for concurrent use.
func Open(nameOrFile string, options ...Option) (*dialect.Dialect, error) {
	if !IsFile(nameOrFile) {
		return named(nameOrFile)
	}
	file, text, err := Read(nameOrFile)
	if err != nil {
		return nil, err
	}
	return dialect.Compile(file, text, Find(file, options...))
}

// Read returns the text of a dialect, and its name for diagnostics. It takes the
// same argument as [Open]. A file must be a regular one of at most
// dialect.MaxSource bytes, since its name may come from a stranger.
func Read(nameOrFile string) (file string, text []byte, err error) {
	if !IsFile(nameOrFile) {
		text, err = source(nameOrFile)
		return nameOrFile + ".yaml", text, err
	}
	info, err := os.Stat(nameOrFile)
	if err != nil {
		return nameOrFile, nil, err
	}
	if err := readable(nameOrFile, info); err != nil {
		return nameOrFile, nil, err
	}
	text, err = os.ReadFile(nameOrFile)
	return nameOrFile, text, err
}

// readable refuses what is no dialect file before it is opened: to open a pipe waits
// for a writer.
func readable(name string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", name)
	case info.Size() > dialect.MaxSource:
		return fmt.Errorf("%s has %d bytes; a dialect file has at most %d", name, info.Size(), dialect.MaxSource)
	}
	return nil
}

// IsFile reports whether Open and Read take the argument for a path: it ends in
// .yaml or .yml, or contains a separator.
func IsFile(nameOrFile string) bool {
	return strings.HasSuffix(nameOrFile, ".yaml") || strings.HasSuffix(nameOrFile, ".yml") || strings.ContainsAny(nameOrFile, `/\`)
}

// Option changes how [Open] and [Find] find files.
type Option interface{ apply(*folder) }

type option func(*folder)

func (o option) apply(f *folder) { o(f) }

// Below lets files extend any file below dir, whose folders must contain the first
// file. Without it they can extend the files below the folder of the first file. A
// symbolic link that leads out of dir is not followed.
func Below(dir string) Option { return option(func(f *folder) { f.dir = dir }) }

// Find returns a Finder for the dialects that a file extends. A name is looked up
// in the catalog. A path begins with . and is relative to the file that names it; its
// separator is /. The file must lie below the folder of the first file, links
// followed, or below that of the option [Below]. Each file is read and compiled once.
// Files that extend each other in a circle, or more than dialect.MaxExtends of them,
// are a dialect.ErrCircle. If file is empty, the dialect comes from bytes and not from a
// file, so only names of the catalog are found:
//
//	d, err := dialect.Compile("example.yaml", source, catalog.Find(""))
func Find(file string, options ...Option) dialect.Finder {
	f := folder{dir: filepath.Dir(file)}
	for _, o := range options {
		o.apply(&f)
	}
	first, err := f.place(file)
	if file == "" {
		err = errNoFolder
	}
	return func(name string) (*dialect.Dialect, error) {
		switch {
		case !strings.HasPrefix(name, "."):
			return named(name)
		case err != nil:
			return nil, err
		}
		return f.open(name, first)
	}
}

// errNoFolder is the error for a path in a dialect that does not come from a file.
var errNoFolder = errors.New("the dialect does not come from a file, so it can extend dialects of the catalog only")

// folder is a directory that no path leads out of.
type folder struct{ dir string }

// place is the path of a file in the folder, with /.
func (f folder) place(file string) (string, error) {
	dir, err := filepath.Abs(f.dir)
	if err != nil {
		return "", err
	}
	if file, err = filepath.Abs(file); err != nil {
		return "", err
	}
	at, err := filepath.Rel(dir, file)
	if err != nil || !filepath.IsLocal(at) {
		return "", fmt.Errorf("%s does not lie below the folder %s", file, f.dir)
	}
	return filepath.ToSlash(at), nil
}

// open compiles the file that the last one of a chain extends.
func (f folder) open(name string, chain ...string) (*dialect.Dialect, error) {
	at := path.Join(path.Dir(chain[len(chain)-1]), name)
	switch {
	case !filepath.IsLocal(filepath.FromSlash(at)):
		return nil, fmt.Errorf("the path leads out of the folder %s", f.dir)
	case slices.Contains(chain, at):
		return nil, fmt.Errorf("%s: %w", strings.Join(append(chain, at), " extends "), dialect.ErrCircle)
	case len(chain) >= dialect.MaxExtends:
		return nil, fmt.Errorf("%w: more than %d in a chain", dialect.ErrCircle, dialect.MaxExtends)
	}
	text, err := f.read(filepath.FromSlash(at))
	if err != nil {
		return nil, err
	}
	chain = append(chain[:len(chain):len(chain)], at)
	return dialect.Compile(filepath.Join(f.dir, at), text, func(name string) (*dialect.Dialect, error) {
		if !strings.HasPrefix(name, ".") {
			return named(name)
		}
		return f.open(name, chain...)
	})
}

// read is the text of a file in the folder.
func (f folder) read(at string) ([]byte, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(at)
	if err != nil {
		return nil, f.unreadable(at, err)
	}
	if err := readable(at, info); err != nil {
		return nil, err
	}
	file, err := root.Open(at)
	if err != nil {
		return nil, f.unreadable(at, err)
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, dialect.MaxSource+1)) // it may have grown; Compile refuses what is too long
}

// unreadable is the error of a file that cannot be opened, in the words of the system.
func (f folder) unreadable(at string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("%s cannot be read in the folder %s: %w", at, f.dir, err)
}
