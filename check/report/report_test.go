package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/check/report"
)

// result has a finding of a recording, and one of a live API with markup in its texts.
func result() *report.Report {
	return &report.Report{Dialect: "vms", Responses: 7, Version: "1.2.3", Findings: []check.Counted{
		{Finding: check.Finding{Rule: "unfit_body", Severity: parlance.SeverityWarning, Message: "it fits no shape", Hint: "add a shape.", Method: "GET", Path: "/a b", Status: 404,
			Source: "my traffic.jsonl", Line: 12, Place: check.Place{Part: check.PartBody, Line: 1, Column: 2, Offset: 1, Excerpt: "{\"x\":1}\n ^"}, Dialect: "vms.yaml:22"}, Count: 3},
		{Finding: check.Finding{Rule: "tells_inside", Message: "it says <script>]]>\x00", Method: "POST", Path: "/<b>", Status: 500,
			Place: check.Place{Part: check.PartStatus}, Dialect: `C:\apis\vms.yaml`}, Count: 1},
	}}
}

func TestJUnitHasATestForEachFindingAndForEachRuleWithoutOne(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := result().JUnit(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suite    struct {
			Name  string `xml:"name,attr"`
			Tests int    `xml:"tests,attr"`
			Cases []struct {
				Class   string `xml:"classname,attr"`
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Type    string `xml:"type,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("got %v of\n%s", err, b.Bytes())
	}
	if want := len(check.Rules()); got.Failures != 2 || got.Tests != want || len(got.Suite.Cases) != want || got.Suite.Tests != want {
		t.Errorf("got %d failures of %d tests, want 2 of %d", got.Failures, got.Tests, want)
	}
	first, second := got.Suite.Cases[0], got.Suite.Cases[1]
	if first.Class != "parlance.check.vms" || first.Name != "unfit_body: GET /a b 404" || first.Failure.Type != "unfit_body" || !strings.Contains(first.Failure.Text, "It occurred 3 times.") {
		t.Errorf("got %+v with %+v", first, first.Failure)
	}
	if second.Failure.Message != "it says <script>]]>\uFFFD" {
		t.Errorf("got %q, want the text with its markup", second.Failure.Message)
	}
	if third := got.Suite.Cases[2]; third.Failure != nil {
		t.Errorf("got %+v of a rule without a finding", third.Failure)
	}
}

func TestSARIFHasTheLineOfTheRecordingAndTheLineOfTheDialect(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := result().SARIF(&b); err != nil {
		t.Fatal(err)
	}
	type location struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region *struct {
				Line int `json:"startLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
	}
	var got struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name, Version string
					Rules         []struct{ ID string }
				}
			}
			Results []struct {
				RuleID       string
				RuleIndex    int
				Level        string
				Message      struct{ Text string }
				Locations    []location
				Related      []location        `json:"relatedLocations"`
				Fingerprints map[string]string `json:"partialFingerprints"`
				Count        int               `json:"occurrenceCount"`
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	run := got.Runs[0]
	if got.Version != "2.1.0" || run.Tool.Driver.Name != "parlance" || run.Tool.Driver.Version != "1.2.3" || len(run.Tool.Driver.Rules) != len(check.Rules()) || len(run.Results) != 2 {
		t.Fatalf("got %+v", got)
	}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || len(r.Fingerprints["parlance/v1"]) != 64 || r.Message.Text == "" {
			t.Errorf("got %+v", r)
		}
	}
	first, second := run.Results[0], run.Results[1]
	if at := first.Locations[0].Physical; first.Level != "warning" || first.Count != 3 || at.Artifact.URI != "my%20traffic.jsonl" || at.Region.Line != 12 {
		t.Errorf("got %+v", first)
	}
	if at := first.Related[0].Physical; at.Artifact.URI != "vms.yaml" || at.Region.Line != 22 {
		t.Errorf("got the related location %+v", at)
	}
	if at := second.Locations[0].Physical; second.Level != "error" || at.Artifact.URI != "./C:/apis/vms.yaml" || at.Region != nil || second.Related != nil {
		t.Errorf("got %+v", second)
	}
}

func TestJSONIsOneLineWithAListOfFindings(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := (&report.Report{Dialect: "vms"}).JSON(&b); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), `{"dialect":"vms","responses":0,"findings":[],"coverage":{"seen":0,"total":0}}`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
