package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/check"
)

// The objects of SARIF 2.1.0 (OASIS Standard, 27 March 2020) that a report needs.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string       `json:"id"`
		Short   sarifText    `json:"shortDescription"`
		Full    sarifText    `json:"fullDescription"`
		Help    sarifText    `json:"help"`
		HelpURI string       `json:"helpUri"`
		Default sarifDefault `json:"defaultConfiguration"`
	}
	sarifDefault struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Count        int               `json:"occurrenceCount"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int        `json:"startLine"`
		Snippet   *sarifText `json:"snippet,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

const (
	sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"
	projectURI  = "https://github.com/parlance-api/parlance"
)

// SARIF writes the report as SARIF 2.1.0. The location of a result is the line of the
// recording if there is one, else the line of the dialect. That line is a related location
// too.
func (r *Report) SARIF(w io.Writer) error {
	rules := check.Rules()
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "parlance", Version: r.Version, InformationURI: projectURI, Rules: []sarifRule{}}
	index := map[string]int{}
	for i, rule := range rules {
		index[rule.Name] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: rule.Name, Short: sarifText{strings.ReplaceAll(rule.Name, "_", " ")}, Full: sarifText{rule.Why}, Help: sarifText{rule.Do},
			HelpURI: projectURI + "/blob/main/docs/rules/" + rule.Name + ".md", Default: sarifDefault{level(rule.Severity)},
		})
	}
	for i := range r.Findings {
		run.Results = append(run.Results, result(&r.Findings[i], index))
	}
	return encode(w, sarifLog{sarifSchema, "2.1.0", []sarifRun{run}}, "  ")
}

func level(s parlance.Severity) string { return s.String() } // SARIF has the same two words

func result(f *check.Counted, index map[string]int) sarifResult {
	print := sha256.Sum256([]byte(f.Key()))
	page := place(f.Dialect)
	at := page
	if f.Source != "" {
		at = sarifPhysical{Artifact: sarifArtifact{uri(f.Source)}, Region: &sarifRegion{StartLine: max(f.Line, 1)}}
	}
	if f.Place.Excerpt != "" && at.Region != nil && f.Source != "" {
		at.Region.Snippet = &sarifText{f.Place.Excerpt}
	}
	out := sarifResult{
		RuleID: f.Rule, RuleIndex: index[f.Rule], Level: level(f.Severity), Count: f.Count,
		Message:      sarifText{f.Message + " (" + f.Method + " " + f.Path + ", status " + strconv.Itoa(f.Status) + ", " + f.Place.String() + ")"},
		Locations:    []sarifLocation{{Physical: at, Logical: []sarifLogical{{f.Method + " " + f.Path, "resource"}}}},
		Fingerprints: map[string]string{"parlance/v1": hex.EncodeToString(print[:])},
	}
	if f.Source != "" {
		out.Related = []sarifLocation{{ID: 1, Physical: page, Message: &sarifText{"the line of the dialect"}}}
	}
	return out
}

// place is a line of the dialect, as file:line.
func place(dialect string) sarifPhysical {
	file, number, found := dialect, "", false
	if i := strings.LastIndexByte(dialect, ':'); i > 0 {
		file, number, found = dialect[:i], dialect[i+1:], true
	}
	n, err := strconv.Atoi(number)
	if !found || err != nil || n < 1 {
		return sarifPhysical{Artifact: sarifArtifact{uri(dialect)}}
	}
	return sarifPhysical{Artifact: sarifArtifact{uri(file)}, Region: &sarifRegion{StartLine: n}}
}

// uri is a path as a URI reference (RFC 3986).
func uri(path string) string {
	return (&url.URL{Path: strings.ReplaceAll(path, `\`, "/")}).String()
}
