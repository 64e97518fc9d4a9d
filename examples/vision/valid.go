package vision

import (
	"net/http"

	"github.com/parlance-api/parlance/server/validate"
)

// These refuse a document with 406 before a handler sees it.

func validManufacture(next http.Handler) http.Handler {
	return validate.XML(validate.MustCompileElement(validate.Element{
		Name: "MANUFACTURING", Children: []validate.Element{
			{Name: "MC", Repeated: true, Open: true, Children: []validate.Element{
				{Name: "DocRef", Text: `{"minLength": 1, "maxLength": 20}`},
				{Name: "Customer", Text: `{"maxLength": 8}`},
				{Name: "SiteCode", Text: `{"maxLength": 4}`},
			}},
		}}))(next)
}

func validOrder(next http.Handler) http.Handler {
	return validate.XML(validate.MustCompileElement(validate.Element{
		Name: "ORDERS", Children: []validate.Element{
			{Name: "SO", Repeated: true, Open: true, Children: []validate.Element{
				{Name: "Product", Text: `{"maxLength": 20}`},
				{Name: "Quantity", Text: `{"type": "integer", "minimum": 1}`},
			}},
		}}))(next)
}

func validCount(next http.Handler) http.Handler {
	return validate.XML(validate.MustCompileElement(validate.Element{
		Name: "COUNTS", Children: []validate.Element{
			{Name: "CT", Repeated: true, Open: true, Children: []validate.Element{
				{Name: "Product", Text: `{"maxLength": 20}`},
				{Name: "Quantity", Text: `{"type": "integer", "minimum": 0}`},
			}},
		}}))(next)
}
