package vms_test

import (
	"testing"
	"time"

	"github.com/parlance-api/parlance/examples/internal/caller"
	"github.com/parlance-api/parlance/examples/vms"
)

func start(t *testing.T) (*vms.Service, *caller.Caller, *caller.Clock) {
	clock, log := new(caller.Clock), new(caller.Log)
	s, err := vms.New(vms.Config{Logger: log.Logger(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	c := caller.New(t, s.Handler())
	c.Header.Set("Authorization", "Bearer "+vms.Token)
	return s, c, clock
}

func TestEveryFaultOfAnItemIsToldAtOnce(t *testing.T) {
	t.Parallel()
	_, c, _ := start(t)
	c.Want("POST", "/api/v1/items", `{"url":"no url, and too long","date":"tomorrow"}`, 422,
		`{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format","The URL can be no longer than 10 characters"],"date":["The date field doesn't match the format: Y-m-d H:i:s."]}}`)
	c.Want("POST", "/api/v1/items", `{"url":"http://a.b","date":"2026-01-02 03:04:05"}`, 201,
		`{"url":"http://a.b","date":"2026-01-02 03:04:05"}`)
	c.Want("POST", "/api/v1/items", `{`, 400, `{"message":"The body is not the JSON that was expected"}`)
}

func TestTheLicenceCapsCamerasUntilOneIsDeleted(t *testing.T) {
	t.Parallel()
	_, c, _ := start(t)
	c.Want("GET", "/api/v1/billing/cameras/list", "", 200, `null`)
	if a := c.Want("POST", "/api/v1/cameras", `{"name":"Gate"}`, 201, `{"id":1,"name":"Gate"}`); a.Header.Get("Location") != "/api/v1/cameras/1" {
		t.Errorf("got %v", a.Header)
	}
	c.Want("POST", "/api/v1/cameras", `{"name":"Yard"}`, 201, `{"id":2,"name":"Yard"}`)
	c.Want("POST", "/api/v1/cameras", `{"name":"Roof"}`, 402, `{"message":"","errors":{"license":["The license limit is exceeded"]}}`)
	c.Want("DELETE", "/api/v1/cameras/1", "", 204, ``)
	c.Want("POST", "/api/v1/cameras", `{"name":"Roof"}`, 201, `{"id":3,"name":"Roof"}`)
	c.Want("GET", "/api/v1/billing/cameras/list", "", 200, `[{"id":2,"name":"Yard"},{"id":3,"name":"Roof"}]`)
}

func TestAnUnknownCameraIsNotFound(t *testing.T) {
	t.Parallel()
	_, c, _ := start(t)
	c.Want("GET", "/api/v1/cameras/7", "", 404, `{"message":"No camera \"7\""}`)
	c.Want("DELETE", "/api/v1/cameras/x", "", 404, `{"message":"No camera \"x\""}`)
}

func TestMaintenanceSaysWhenItEnds(t *testing.T) {
	t.Parallel()
	s, c, clock := start(t)
	s.SetMaintenance(90 * time.Second)
	if a := c.Want("GET", "/api/v1/cameras/7", "", 503, `{"message":""}`); a.Header.Get("Retry-After") != "90" {
		t.Errorf("got %v", a.Header)
	}
	clock.Move(90 * time.Second)
	c.Want("GET", "/api/v1/billing/cameras/list", "", 200, `null`)
	s.SetMaintenance(time.Hour)
	s.SetMaintenance(0)
	c.Want("GET", "/api/v1/billing/cameras/list", "", 200, `null`)
}

func TestNoTokenIsNoEntry(t *testing.T) {
	t.Parallel()
	_, c, _ := start(t)
	c.Header.Del("Authorization")
	c.Want("GET", "/api/v1/cameras/7", "", 401, `{"message":""}`)
}
