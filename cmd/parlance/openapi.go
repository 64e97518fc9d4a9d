package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/openapi"
)

// loadOpenAPI reads an OpenAPI document. It shows what is wrong with it, and fails if the
// document cannot be used.
func (a *app) loadOpenAPI(name string) (*openapi.Document, error) {
	text, err := readOpenAPI(name)
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

// readOpenAPI reads the text of a document, up to the length that a document may have.
func readOpenAPI(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, &mistake{message: err.Error(), hint: "name an OpenAPI document in YAML or JSON", cause: err}
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, openapi.MaxSource+1))
	if err != nil {
		return nil, &mistake{message: err.Error(), cause: err}
	}
	return text, nil
}
