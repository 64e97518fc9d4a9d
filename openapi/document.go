package openapi

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/datamodel"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// MaxSource is the greatest length of a document, in bytes: 64 MiB.
const MaxSource = 64 << 20

// Document is an OpenAPI document. It is immutable and safe for concurrent use. The
// zero value has no operations.
type Document struct {
	title      string
	bases      []string // the paths of its servers, without a slash at the end
	operations []*Operation
	warnings   []parlance.Diagnostic
}

// Read reads a document in YAML or JSON. file is its name in diagnostics.
//
// The error is a *dialect.FileError with every fault that makes the document unusable:
// a broken syntax, another version, a reference to nothing. A place that breaks the
// OpenAPI Specification and can be used all the same is one of the Warnings.
func Read(file string, source []byte) (*Document, error) {
	s := newSource(file, source)
	if s.check(); s.failed() {
		return nil, &dialect.FileError{Diagnostics: s.sorted(), Source: source}
	}
	model, err := build(source)
	if err != nil {
		s.report(parlance.SeverityError, s.root, "openapi_model", "the document cannot be used: "+firstLine(err.Error()), "")
		return nil, &dialect.FileError{Diagnostics: s.sorted(), Source: source}
	}
	d := &Document{bases: bases(model.Servers), warnings: s.sorted()}
	if model.Info != nil {
		d.title = model.Info.Title
	}
	for path, item := range model.Paths.PathItems.FromOldest() {
		for method, o := range item.GetOperations().FromOldest() {
			d.operations = append(d.operations, newOperation(strings.ToUpper(method), path, item, o))
		}
	}
	return d, nil
}

// build makes the model of the library. Whatever a stranger's document does to the
// library is an error, and never the end of the program.
func build(source []byte) (model *v3.Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			model, err = nil, fmt.Errorf("%v", p)
		}
	}()
	config := datamodel.NewDocumentConfiguration()
	config.SkipCircularReferenceCheck = true // a circle is legal where a schema describes a tree
	config.SkipJSONConversion = true
	config.SkipExternalRefResolution = true
	config.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	document, err := libopenapi.NewDocumentWithConfiguration(source, config)
	if err != nil {
		return nil, err
	}
	built, err := document.BuildV3Model()
	switch {
	case built == nil:
		return nil, err
	case built.Model.Paths == nil || built.Model.Paths.PathItems == nil:
		return nil, fmt.Errorf("it has no paths")
	}
	return &built.Model, nil
}

// bases are the paths of the servers; variables have their defaults.
func bases(servers []*v3.Server) []string {
	var all []string
	for _, s := range servers {
		text := s.URL
		for name, variable := range s.Variables.FromOldest() {
			text = strings.ReplaceAll(text, "{"+name+"}", variable.Default)
		}
		if u, err := url.Parse(text); err == nil {
			if path := strings.TrimRight(u.Path, "/"); path != "" {
				all = append(all, path)
			}
		}
	}
	return all
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// Title is the title of the API; "" if there is none.
func (d *Document) Title() string { return d.title }

// Operations are the operations in the order of the document.
func (d *Document) Operations() []*Operation { return d.operations }

// Warnings are the places that break the OpenAPI Specification, in the order of the
// document.
func (d *Document) Warnings() []parlance.Diagnostic { return d.warnings }

// Find finds the operation of a request; it is nil if there is none. The path may
// begin with that of a server of the document. A template without parameters comes
// before one with them (OpenAPI 3.1, 4.8.8).
func (d *Document) Find(method, path string) *Operation {
	path, _, _ = strings.Cut(path, "?")
	if method == "" {
		method = "GET"
	}
	if o := d.find(method, path); o != nil {
		return o
	}
	for _, base := range d.bases {
		if below, ok := strings.CutPrefix(path, base); ok && strings.HasPrefix(below, "/") {
			if o := d.find(method, below); o != nil {
				return o
			}
		}
	}
	return nil
}

func (d *Document) find(method, path string) *Operation {
	var best *Operation
	for _, o := range d.operations {
		if o.Method == method && o.matches(path) && (best == nil || o.holes() < best.holes()) {
			best = o
		}
	}
	return best
}

// Status is the status of a success of an operation, as [Operation.Success] has it. It is
// 404 if no path of the document fits, and 405 if the path has no such method. HEAD is
// that of GET if the document does not list it (RFC 9110, 9.3.2).
func (d *Document) Status(method, path string) int {
	o := d.Find(method, path)
	if o == nil && method == http.MethodHead {
		o = d.Find(http.MethodGet, path)
	}
	switch {
	case o != nil:
		return o.Success()
	case len(d.Methods(path)) > 0:
		return http.StatusMethodNotAllowed
	}
	return http.StatusNotFound
}

// Methods are the methods that a path has in the document.
func (d *Document) Methods(path string) []string {
	var all []string
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
		if d.Find(method, path) != nil {
			all = append(all, method)
		}
	}
	return all
}

// SamplePath is the path of a request to try: that of the first GET, else "/".
func (d *Document) SamplePath() string {
	for _, o := range d.operations {
		if o.Method == http.MethodGet {
			return o.Call().Target
		}
	}
	return "/"
}
