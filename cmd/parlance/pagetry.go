package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	docpage "github.com/parlance-api/parlance/page"
)

// trialOf is what the page of a dialect needs to read a response: the core in a file, and the
// texts of the dialect and of those that it extends.
func trialOf(nameOrFile, name, core string) (*docpage.Trial, error) {
	script, err := os.ReadFile(core)
	if err != nil {
		return nil, noCore(core, err)
	}
	file, text, err := source(nameOrFile)
	if err != nil {
		return nil, err
	}
	texts := trialTexts{name: string(text)}
	if _, err := dialect.Compile(file, text, texts.find); err != nil {
		return nil, &mistake{
			message: fmt.Sprintf("--try: %v", err),
			hint:    "put what it extends into one file, or leave --try out",
			cause:   err,
		}
	}
	return &docpage.Trial{Core: string(script), Texts: texts}, nil
}

// noCore says where the file of --try comes from.
func noCore(core string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &mistake{
		message: fmt.Sprintf("--try: %s: %v", core, err),
		hint:    "parlance-files --try DIR of the package for Node writes DIR/parlance-try.js; in a checkout, node lib/node/build.js DIR --pack",
		cause:   err,
	}
}

// trialTexts are the texts of dialects by their names.
type trialTexts map[string]string

// errExtendsFile is the error for a dialect that extends a file: a page has no folder.
var errExtendsFile = errors.New("a page reads responses by dialects that extend those of the catalog alone, and not files")

// find finds what a dialect extends, and keeps its text.
func (t trialTexts) find(name string) (*dialect.Dialect, error) {
	if catalog.IsFile(name) {
		return nil, errExtendsFile
	}
	if name == "http" { // the core has it
		return dialect.Generic(), nil
	}
	file, text, err := catalog.Read(name)
	if err != nil {
		return nil, err
	}
	t[name] = string(text)
	return dialect.Compile(file, text, t.find)
}
