package main

import (
	"errors"
	"fmt"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/openapi"
)

// anOpenAPI is what a user is to name.
const anOpenAPI = "an OpenAPI document in YAML or JSON"

// loadOpenAPI reads an OpenAPI document. It shows what is wrong with it, and fails if the
// document cannot be used.
func (a *app) loadOpenAPI(name string) (*openapi.Document, error) {
	text, err := limited(name, openapi.MaxSource, anOpenAPI)
	if err != nil {
		return nil, err
	}
	d, err := openapi.Read(name, text)
	var faulty *dialect.FileError
	if errors.As(err, &faulty) {
		a.report(a.stderr, text, faulty.Diagnostics)
		return nil, &mistake{message: fmt.Sprintf("the document %s cannot be used", name), hint: "correct the errors above; the warnings do not matter here"}
	}
	if err != nil {
		return nil, err
	}
	a.report(a.stderr, text, d.Warnings())
	return d, nil
}
