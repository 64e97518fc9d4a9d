package validate_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/validate"
	"golang.org/x/text/language"
)

// What VMS's page shows: two messages for the one field and one for the other.
func ExampleJSON() {
	item := validate.MustCompile(`{
		"type": "object",
		"required": ["url", "date"],
		"properties": {
			"url":  {"title": "URL", "type": "string", "format": "url", "maxLength": 10},
			"date": {"type": "string", "format": "Y-m-d H:i:s"}
		}
	}`, validate.DateFormat("Y-m-d H:i:s"))

	vms, _ := catalog.Open("vms")
	api := server.New(vms, server.WithLogger(slog.New(slog.DiscardHandler)))
	create := api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		var item struct{ URL, Date string }
		return item, validate.Into(r, &item)
	})
	handler := api.Wrap(validate.JSON(item)(create))

	r := httptest.NewRequest("POST", "/items", strings.NewReader(`{"url": "no web address", "date": "today"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 422 {"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],"date":["The date field doesn't match the format: Y-m-d H:i:s."]}}
}

// The caller chooses the language of the messages: by a header or a parameter of the
// API's own, else by Accept-Language.
func ExampleWithLanguage() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms)
	item := validate.MustCompile(`{"properties": {"name": {"title": "Name", "maxLength": 4}}}`)
	check := validate.JSON(item, validate.WithLanguage("Hl", "hl"))
	h := api.Wrap(check(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return "taken", nil })))

	for _, request := range []struct{ path, hl, accepted string }{
		{"/items", "", ""},
		{"/items", "ru", ""},
		{"/items?hl=ru", "", ""},
		{"/items", "", "ru"},
	} {
		r := httptest.NewRequest("POST", request.path, strings.NewReader(`{"name": "Lovelace"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Hl", request.hl)
		r.Header.Set("Accept-Language", request.accepted)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Body)
	}
	// Output:
	// {"message":"Submitted data was invalid","errors":{"name":["The Name can be no longer than 4 characters"]}}
	// {"message":"Отправленные данные некорректны","errors":{"name":["Поле Name не может быть длиннее 4 символов"]}}
	// {"message":"Отправленные данные некорректны","errors":{"name":["Поле Name не может быть длиннее 4 символов"]}}
	// {"message":"Отправленные данные некорректны","errors":{"name":["Поле Name не может быть длиннее 4 символов"]}}
}

func ExampleSchema_CheckBytes() {
	s := validate.MustCompile(`{"properties": {"age": {"type": "integer", "minimum": 18}}}`)
	err := s.CheckBytes([]byte(`{"age": 17}`))
	for _, f := range parlance.OutcomeOf(err).Fields {
		fmt.Printf("%s breaks %s: %s\n", f.Path, f.Code, f.Message)
	}
	// Output:
	// age breaks minimum: The age can be no less than 18
}

func ExampleTexts() {
	texts := validate.NewTexts()
	texts.SetString(language.English, "maxLength", "%[1]s: %[2]d characters at most")
	texts.SetString(language.English, "nick maxLength", "Please choose a shorter nickname")

	s := validate.MustCompile(`{"properties": {"nick": {"maxLength": 3}, "name": {"maxLength": 3}}}`)
	err := s.CheckBytes([]byte(`{"nick": "Augusta", "name": "Lovelace"}`), validate.WithTexts(texts))
	for _, f := range parlance.OutcomeOf(err).Fields {
		fmt.Println(f.Message)
	}
	// Output:
	// Please choose a shorter nickname
	// name: 3 characters at most
}
