package omilia

import (
	"net/http"

	"golang.org/x/text/language"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/validate"
)

type app struct {
	Name     string `json:"name"`
	Language string `json:"language"`
}

// newApp is of the services that validate. They tell of each field, and of nothing
// besides.
var newApp = validate.JSON(validate.MustCompile(`{
	"type": "object",
	"required": ["name", "language"],
	"properties": {
		"name":     {"type": "string", "minLength": 1, "maxLength": 20},
		"language": {"type": "string", "enum": ["en", "el"]}
	}
}`), validate.WithTexts(fieldsAlone()))

func fieldsAlone() *validate.Texts {
	t := validate.NewTexts()
	for _, tag := range []language.Tag{language.English, language.Russian} {
		t.SetString(tag, "detail", "")
	}
	return t
}

func createApp(_ http.ResponseWriter, r *http.Request) (any, error) {
	var a app
	if err := validate.Into(r, &a); err != nil {
		return nil, err
	}
	return server.Created("/apps/"+a.Name, a), nil
}
