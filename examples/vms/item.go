package vms

import (
	"net/http"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/validate"
)

type item struct {
	URL  string `json:"url"`
	Date string `json:"date"`
}

// newItem holds an item to what VMS's page shows as its example.
func newItem(next http.Handler) http.Handler {
	return validate.JSON(validate.MustCompile(`{
		"type": "object",
		"required": ["url", "date"],
		"properties": {
			"url":  {"title": "URL", "type": "string", "format": "url", "maxLength": 10},
			"date": {"type": "string", "format": "Y-m-d H:i:s"}
		}
	}`, validate.DateFormat("Y-m-d H:i:s")), byHl)(next)
}

// byHl has a client choose the language as VMS's page says: header Hl, or query hl.
var byHl = validate.WithLanguage("Hl", "hl")

func createItem(_ http.ResponseWriter, r *http.Request) (any, error) {
	var i item
	if err := validate.Into(r, &i); err != nil {
		return nil, err
	}
	return server.Created("/api/v1/items/1", i), nil
}
