package vbapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/examples/internal/caller"
	"github.com/parlance-api/parlance/examples/vbapi"
)

const debug = `,"debug":{"activityId":"ID"}}`

func start(t *testing.T) (*caller.Caller, *caller.Clock, *caller.Log) {
	clock, log := new(caller.Clock), new(caller.Log)
	s, err := vbapi.New(vbapi.Config{Logger: log.Logger(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	c := caller.New(t, s.Handler())
	logIn(t, c)
	return c, clock, log
}

func logIn(t *testing.T, c *caller.Caller) {
	c.Header.Set("Authorization", "Basic ZGVtbzpkZW1v") // demo:demo
	var v struct{ Data struct{ IDToken string } }
	a := c.Do("POST", "/user-authentication", "")
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil || v.Data.IDToken == "" {
		t.Fatalf("%v: %+v", err, a)
	}
	c.Header.Set("Authorization", "Bearer "+v.Data.IDToken)
}

// id is the activityId of an answer.
func id(a caller.Answer) string {
	var v struct{ Debug struct{ ActivityID string } }
	_ = json.Unmarshal([]byte(a.Body), &v)
	return v.Debug.ActivityID
}

func failure(status, title, detail, instance string) string {
	return `{"data":null,"error":{"type":null,"title":"` + title + `","status":` + status +
		`,"detail":` + detail + `,"instance":"` + instance + `"}` + debug
}

func TestEveryAnswerHasOneEnvelope(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	a := c.Want("GET", "/clients/abc/products", "", 200,
		`{"data":[{"id":"dental","name":"Dental plan"},{"id":"vision","name":"Vision plan"}],"error":null`+debug, id)
	if a.Header.Get("X-Pagination") != `{"TotalCount":2,"TotalPages":1,"CurrentPage":1,"PageSize":100}` {
		t.Errorf("got %v", a.Header)
	}
	c.Want("GET", "/clients/abc/products/dental", "", 200, `{"data":{"id":"dental","name":"Dental plan"},"error":null`+debug, id)
	c.Want("GET", "/clients/abc/products/xyz", "", 404,
		failure("404", "Not Found", `"The requested resource (xyz) was not found."`, "/clients/abc/products/xyz"), id)
	c.Want("GET", "/clients/abc/products/dental/price?quantity=some", "", 400,
		failure("400", "Bad Request", `"The quantity must be a number from 1."`, "/clients/abc/products/dental/price"), id)
	c.Want("GET", "/nowhere", "", 404, failure("404", "Not Found", `null`, "/nowhere"), id)
}

func TestABugIsA500WithTheIDThatTheLogHas(t *testing.T) {
	t.Parallel()
	c, _, log := start(t)
	c.Want("GET", "/clients/abc/products/dental/price?quantity=29", "", 200, `{"data":{"price":290},"error":null`+debug, id)
	a := c.Want("GET", "/clients/abc/products/dental/price?quantity=30", "", 500,
		failure("500", "Internal Server Error", `null`, "/clients/abc/products/dental/price"), id)
	for _, part := range []string{"activity_id=" + id(a), "index out of range", "vbapi.go"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("%q is not in the log: %s", part, log)
		}
	}
}

func TestABatchIsAnsweredRecordByRecord(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	c.Want("PUT", "/commission-activities-batch",
		`[{"commissionActivity_Key":1,"amount":5},{"commissionActivity_Key":2,"amount":6},{"commissionActivity_Key":3,"amount":-7}]`, 207,
		`{"data":[{"id":[{"key":"commissionActivity_Key","value":1}],"status":200,"body":"Updated"},{"id":[{"key":"commissionActivity_Key","value":2}],"status":201,"body":"Created"},{"id":[{"key":"commissionActivity_Key","value":3}],"status":400,"body":"The amount must not be negative."}],"error":null`+debug, id)
}

func TestATokenIsGoodForADayAndThenOneLogsInAgain(t *testing.T) {
	t.Parallel()
	c, clock, _ := start(t)
	clock.Move(24*time.Hour - time.Second)
	if a := c.Do("GET", "/clients/abc/products", ""); a.Status != 200 {
		t.Errorf("got %+v", a)
	}
	clock.Move(time.Second)
	c.Want("GET", "/clients/abc/products", "", 401, failure("401", "Unauthorized", `"The idToken has expired."`, "/clients/abc/products"), id)
	logIn(t, c)
	if a := c.Do("GET", "/clients/abc/products", ""); a.Status != 200 {
		t.Errorf("got %+v", a)
	}
}

func TestWhoIsNotAdmitted(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t)
	c.Header["User-Agent"] = nil // Go sends none then
	c.Want("GET", "/clients/abc/products", "", 403, failure("403", "Forbidden", `"A User-Agent is needed."`, "/clients/abc/products"), id)
	c.Header.Del("User-Agent")
	c.Header.Set("Authorization", "Bearer x")
	c.Want("GET", "/clients/abc/products", "", 401, failure("401", "Unauthorized", `"An idToken of /user-authentication is needed."`, "/clients/abc/products"), id)
	c.Header.Set("Authorization", "Basic eDp4")
	c.Want("POST", "/user-authentication", "", 401, failure("401", "Unauthorized", `"The user name or the password is wrong."`, "/user-authentication"), id)
}
