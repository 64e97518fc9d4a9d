package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server"
)

// A handler returns a value or an error; the dialect says how it looks.
func ExampleServer_Handle() {
	for _, name := range []string{"vbapi", "vms"} {
		d, err := catalog.Open(name)
		if err != nil {
			panic(err)
		}
		api := server.New(d)
		mux := http.NewServeMux()
		mux.Handle("GET /products/{id}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			if r.PathValue("id") != "1" {
				return nil, parlance.NewError(parlance.KindNotFound, "No product %s", r.PathValue("id"))
			}
			return map[string]string{"name": "Pear"}, nil
		}))
		show(mux, "GET", "/products/1")
		show(mux, "GET", "/products/2")
	}
	// Output:
	// 200 {"data":{"name":"Pear"},"error":null,"debug":{"activityId":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}}
	// 404 {"data":null,"error":{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"detail":"No product 2","instance":"/products/2"},"debug":{"activityId":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}}
	// 200 {"name":"Pear"}
	// 404 {"message":"","errors":{"error":["No product 2"]}}
}

// What a handler fails of is told in two ways: what the client may know, and the
// cause for the log.
func ExampleServer_Handle_error() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	api := server.New(plain)
	show(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return nil, parlance.NewError(parlance.KindConflict, "The order is being changed").Because(errors.New("row 7 is locked by 10.0.0.4"))
	}), "PUT", "/orders/7")
	// Output:
	// 400 {"message":"The order is being changed"}
}

// Every fault of an input is told at once.
func ExampleServer_Handle_fields() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms)
	show(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return nil, parlance.NewError(parlance.KindInvalid, "Submitted data was invalid").WithReason(parlance.ReasonFields).WithFields(
			parlance.Field{Path: "url", Message: "The URL value is in invalid format"},
			parlance.Field{Path: "date", Message: "The date is missing"})
	}), "POST", "/items")
	// Output:
	// 422 {"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format"],"date":["The date is missing"]}}
}

// Wrap responds in the dialect for a ServeMux, for http.Error and for panics.
func ExampleServer_Wrap() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /old", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "moved to the attic", http.StatusGone) })
	mux.HandleFunc("GET /bug", func(http.ResponseWriter, *http.Request) { panic("a secret") })
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(problem).Wrap(mux)

	show(api, "GET", "/old")
	show(api, "POST", "/old")
	show(api, "GET", "/nowhere")
	show(api, "GET", "/bug")
	// Output:
	// 410 {"title":"Gone","status":410,"detail":"moved to the attic","instance":"/old","kind":"not_found","request_id":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}
	// 405 {"title":"Method Not Allowed","status":405,"detail":"The method POST is not allowed at /old. Allowed: GET, HEAD.","instance":"/old","kind":"invalid","request_id":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}
	// 404 {"title":"Not Found","status":404,"detail":"There is no resource at GET /nowhere.","instance":"/nowhere","kind":"not_found","request_id":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}
	// 500 {"title":"Internal Server Error","status":500,"detail":"The request could not be handled. The cause is in the server's log under the request ID.","instance":"/bug","kind":"internal","request_id":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}
}

// Each record of a bulk request gets a response of its own. Vision's response
// stands in the caller's own document.
func ExampleBulk() {
	vision, err := catalog.Open("vision")
	if err != nil {
		panic(err)
	}
	api := server.New(vision)
	show(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		document := `<MANUFACTURING><MC><DocRef>A1</DocRef></MC><MC><DocRef>A2</DocRef></MC></MANUFACTURING>`
		return server.Bulk([]byte(document),
			parlance.Item{Index: 0, ID: "A1", Outcome: parlance.Outcome{Kind: parlance.KindSuccess, Detail: "Processed"}},
			parlance.Item{Index: 1, ID: "A2", Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Detail: "Record already exists"}},
		), nil
	}), "POST", "/service/ManufactureComplete")
	// Output:
	// 207 <MANUFACTURING><MC><DocRef>A1</DocRef><RES><Code>200</Code><Message>Processed</Message></RES></MC><MC><DocRef>A2</DocRef><RES><Code>400</Code><Message>Record already exists</Message></RES></MC></MANUFACTURING>
}

// A client is told where the created thing is.
func ExampleCreated() {
	omilia, err := catalog.Open("omilia")
	if err != nil {
		panic(err)
	}
	api := server.New(omilia)
	h := api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return server.Created("/dialogs/7", map[string]int{"id": 7}), nil
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/dialogs", nil))
	fmt.Println(w.Code, w.Header().Get("Location"), w.Body)
	// Output:
	// 201 /dialogs/7 {"id":7}
}

// A handler may write a stream itself. An error after bytes went out cuts the
// connection.
func ExampleHandlerFunc_stream() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms)
	show(api.Handle(func(w http.ResponseWriter, _ *http.Request) (any, error) {
		w.Header().Set("Content-Type", "text/csv")
		_, err := io.WriteString(w, "id,name")
		return nil, err
	}), "GET", "/export")
	// Output:
	// 200 id,name
}

// A stream that fails after its first element tells so in its last one, in the form of the
// dialect.
func ExampleStream() {
	d, err := dialect.Compile("shop.yaml", []byte(`dialect: shop
codes:
  200: success
  overloaded: {kind: unavailable, status: 503}
shapes:
  - name: export
    path: /export
    stream: ndjson
    elements:
      - {is: failed, json: {error!: {code?: $code, message: $detail}}}
`))
	if err != nil {
		panic(err)
	}
	api := server.New(d, server.WithLogger(slog.New(slog.DiscardHandler)))
	show(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return server.Stream(func(_ context.Context, w *server.StreamWriter) error {
			if err := w.Send(server.Element{Data: map[string]int{"id": 1}}); err != nil {
				return err
			}
			busy := parlance.NewError(parlance.KindUnavailable, "The store is busy")
			busy.Outcome.Code = "overloaded"
			return busy
		}), nil
	}), "GET", "/export")
	// Output:
	// 200 {"id":1}
	// {"error":{"code":"overloaded","message":"The store is busy"}}
}

// An id that something of your own sets is taken over, so that logs on both
// sides carry the same.
func ExampleWithTrustedID() {
	d, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(d, server.WithTrustedID("X-Request-Id"))
	h := api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return activity.ID(r.Context()), nil
	})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Request-Id", "from-the-proxy-7")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output:
	// "from-the-proxy-7"
}

// What goes wrong with a service behind is not told by its words.
func ExampleUpstream() {
	vbapi, err := catalog.Open("vbapi")
	if err != nil {
		panic(err)
	}
	api := server.New(vbapi)
	bank := func(context.Context) error { return errors.New("unexpected end of JSON from 10.0.0.7") }
	show(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return nil, server.Upstream(bank(r.Context()))
	}), "GET", "/balance")
	// Output:
	// 502 {"data":null,"error":{"type":"https://httpstatuses.com/502","title":"Bad Gateway","status":502,"detail":"A service behind this one gave an unusable response.","instance":"/balance"},"debug":{"activityId":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"}}
}

// show prints the response to a request. The request has an ID, which a program leaves to
// the server, so that the response is the same in each run.
func show(h http.Handler, method, path string) {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept", "application/json")
	r = r.WithContext(activity.WithID(r.Context(), "a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}
