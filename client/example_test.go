package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
)

// One line makes a client act as the provider's page says.
func ExampleNew() {
	srv := vms(http.StatusNotFound, `{"message":"no such camera"}`)
	defer srv.Close()

	d, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d)}

	resp, err := c.Get(srv.URL + "/cameras/7")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	// Output: 404 {"message":"no such camera"}
}

// Check turns what is not good into an error, whatever its HTTP status.
func ExampleCheck() {
	srv := vms(http.StatusNotFound, `{"message":"no such camera"}`)
	defer srv.Close()
	d, _ := catalog.Open("vms")
	c := &http.Client{Transport: client.New(d)}

	resp, err := c.Get(srv.URL + "/cameras/7")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()

	err = client.Check(resp)
	fmt.Println(errors.Is(err, parlance.ErrNotFound), err)
	var e *client.Error
	if errors.As(err, &e) {
		fmt.Println(e.Outcome.Detail)
	}
	// Output:
	// true not_found: no such camera; stop
	// no such camera
}

// Outcome tells what a response means and what remains to be done.
func ExampleOutcome() {
	srv := vms(http.StatusUnprocessableEntity, `{"message":"","errors":{"url":["The URL is too long"]}}`)
	defer srv.Close()
	d, _ := catalog.Open("vms")
	c := &http.Client{Transport: client.New(d)}

	resp, err := c.Get(srv.URL + "/cameras")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()

	if r, ok := client.Outcome(resp); ok {
		fmt.Println(r.Outcome.Kind, r.Decision.Act)
		for _, f := range r.Outcome.Fields {
			fmt.Println(f.Path+":", f.Message)
		}
	}
	// Output:
	// invalid correct
	// url: The URL is too long
}

// A wait beyond the ceiling is handed back with its time, for the caller to park.
func ExampleWithCeiling() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	d, _ := catalog.Open("vms")
	c := &http.Client{Transport: client.New(d, client.WithCeiling(10*time.Second))}

	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	r, _ := client.Outcome(resp)
	last := r.Attempts[len(r.Attempts)-1]
	fmt.Println(r.Decision.Act, last.Wait)
	fmt.Println(last.Held)
	// Output:
	// retry 1m30s
	// the wait of 1m30s is longer than 10s
}

// A login is renewed once, however many requests find its token expired.
func ExampleNewLogin() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer second" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, "welcome")
	}))
	defer srv.Close()

	token := "first"
	login := client.NewLogin(func(ctx context.Context) (client.Grant, error) {
		defer func() { token = "second" }()
		return client.Grant{Token: token}, nil // here: call the vendor's log-in
	}, nil)

	d, _ := catalog.Open("vbapi")
	c := &http.Client{Transport: client.New(d, client.WithCredential(login))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	r, _ := client.Outcome(resp)
	fmt.Println(string(body), "after", len(r.Attempts), "attempts")
	// Output: welcome after 2 attempts
}

// An observer sees every attempt, for a log or a table.
func ExampleWithObserver() {
	srv := vms(http.StatusForbidden, `{"message":"not yours"}`)
	defer srv.Close()
	d, _ := catalog.Open("vms")
	c := &http.Client{Transport: client.New(d, client.WithObserver(client.ObserverFunc(func(_ context.Context, _ *http.Request, a *client.Attempt) {
		fmt.Println(a.Number, a.Outcome.Status, a.Outcome.Kind, a.Decision.Act)
	})))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	// Output: 1 403 forbidden stop
}

// vms is a server that always answers the same.
func vms(status int, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
}
