package page

import (
	_ "embed"
	"errors"
	"html/template"
	"strings"
)

//go:embed trial.js
var trialScript string

// Trial is what a page needs to read a response that a reader pastes. All of it becomes a
// part of the page, which therefore fetches nothing.
type Trial struct {
	// Core is the text of parlance-try.js, which lib/node/build.js and parlance-files write:
	// the core of Parlance as WebAssembly. It runs in the page, so it must be trusted.
	Core string
	// Texts are the texts of the dialect and of those that it extends, by their names.
	Texts map[string]string
}

// coreBegins is how the text of parlance-try.js begins.
const coreBegins = "// The core of Parlance with its module"

// ErrCore is the error for a Trial whose Core is not the text of parlance-try.js.
var ErrCore = errors.New("this is not the text of parlance-try.js")

// check refuses a text that is another one, or that would end its element of the page.
func (t *Trial) check() error {
	if !strings.HasPrefix(t.Core, coreBegins) || strings.Contains(t.Core, "</script") || strings.Contains(t.Core, "<!--") {
		return ErrCore
	}
	return nil
}

// policy lets the two scripts run, and the module that the first one holds.
func (t *Trial) policy() string {
	return " " + hash(t.Core) + " " + hash(trialScript) + " 'wasm-unsafe-eval'"
}

// Module is the script of the core. It comes from the package for Node, and is no text of a
// dialect.
func (t *Trial) Module() template.JS { return template.JS(t.Core) }

// Script is the script of the form. It is ours, and no text of a dialect.
func (t *Trial) Script() template.JS { return template.JS(trialScript) }
