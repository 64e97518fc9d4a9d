// Package report writes the result of a check for other programs. JSON is for scripts, JUnit
// XML for the tests of a CI, and SARIF 2.1.0 for its view of code.
//
//	all := report.Report{Dialect: "vms", Responses: 120}
//	if err := all.SARIF(w); err != nil {
//		return err
//	}
//
// Begin reading at [Report].
package report
