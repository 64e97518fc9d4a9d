package record_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"net/url"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/mock"
	"github.com/parlance-api/parlance/mock/record"
)

// Record an API, and hold the dialect file against what it sent.
func ExampleNew() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := httptest.NewServer(mock.New(vms)) // the API
	defer api.Close()
	upstream, err := url.Parse(api.URL)
	if err != nil {
		panic(err)
	}

	var file bytes.Buffer
	r := record.New(upstream, vms, record.Cases(&file, vms))
	req := httptest.NewRequest("GET", "/api/v1/cameras/7", nil)
	req.Header.Set("Authorization", "Bearer s3cr3t")
	req.Header.Set("Prefer", "code=404")
	r.ServeHTTP(httptest.NewRecorder(), req)
	if err := r.Close(); err != nil {
		panic(err)
	}

	cases, err := authoring.Cases("vms.cases.jsonl", file.Bytes())
	if err != nil {
		panic(err)
	}
	for _, c := range cases {
		fmt.Println(c.Name, c.Outcome["kind"], c.Act, c.Request.Header.Values("Authorization"))
	}
	report := authoring.Test(vms, cases...)
	fmt.Println(report.Failed, "failed")
	// Output:
	// GET /api/v1/cameras/7 404 not_found stop [Bearer [redacted]]
	// 0 failed
}
