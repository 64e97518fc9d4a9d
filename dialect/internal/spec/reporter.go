package spec

import (
	"github.com/parlance-api/parlance/internal/keyfile"
	yaml "go.yaml.in/yaml/v4"
)

// These are what every file is read with.
type (
	Position = keyfile.Position
	Key      = keyfile.Key
	Ours     = keyfile.Ours
)

// At is the place of a node.
func At(n *yaml.Node) Position { return keyfile.At(n) }

// Reporter collects every complaint about one dialect file. NewReporter makes one.
type Reporter struct {
	keyfile.Reporter
	defs  map[string]*definition
	named []namedPlace // what $is says inside of bodies
	asked []namedPlace // what rows ask of a form
	cause error        // why the file that this one extends cannot be found, nil if it can
}

// NewReporter makes a Reporter without complaints.
func NewReporter(file string) *Reporter {
	return &Reporter{Reporter: keyfile.Reporter{File: file, Language: language}, defs: map[string]*definition{}}
}

var language = &keyfile.Language{
	Begin:   "begin with `dialect: name`",
	Split:   "split it: one file describes one API",
	Why:     WhyOf,
	Renamed: map[string]string{"undone": "no_effect"},
}

// namedPlace is where a file gives a name that codes must explain.
type namedPlace struct {
	name string
	pos  Position
}
