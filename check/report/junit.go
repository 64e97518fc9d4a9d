package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"

	"github.com/parlance-api/parlance/check"
)

// The elements of JUnit XML, as Jenkins, GitLab and GitHub's actions read them.
type (
	testSuites struct {
		XMLName  xml.Name  `xml:"testsuites"`
		Name     string    `xml:"name,attr"`
		Tests    int       `xml:"tests,attr"`
		Failures int       `xml:"failures,attr"`
		Errors   int       `xml:"errors,attr"`
		Suite    testSuite `xml:"testsuite"`
	}
	testSuite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     string     `xml:"time,attr"`
		Cases    []testCase `xml:"testcase"`
	}
	testCase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Time    string   `xml:"time,attr"`
		Failure *failure `xml:"failure"`
	}
	failure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the report as JUnit XML. Each distinct finding is a test that failed. Each
// rule without a finding is a test that passed.
func (r *Report) JUnit(w io.Writer) error {
	class := "parlance.check." + r.Dialect
	s := testSuite{Name: "parlance check " + r.Dialect, Time: "0"}
	for _, f := range r.Findings {
		name := fmt.Sprintf("%s: %s %s %d", f.Rule, f.Method, f.Path, f.Status)
		text := f.String()
		if f.Count > 1 {
			text += fmt.Sprintf("It occurred %d times.\n", f.Count)
		}
		s.Cases = append(s.Cases, testCase{class, name, "0", &failure{f.Message, f.Rule, text}})
	}
	s.Failures = len(s.Cases)
	for _, rule := range check.Rules() {
		if !slices.ContainsFunc(r.Findings, func(f check.Counted) bool { return f.Rule == rule.Name }) {
			s.Cases = append(s.Cases, testCase{Class: class, Name: rule.Name, Time: "0"})
		}
	}
	s.Tests = len(s.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(testSuites{Name: s.Name, Tests: s.Tests, Failures: s.Failures, Suite: s}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
