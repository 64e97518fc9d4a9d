// Package docs holds what of the pages the command prints.
package docs

import _ "embed"

// Schema is the JSON Schema (draft 2020-12) of a dialect file.
//
//go:embed dialect.schema.json
var Schema []byte

// ScenarioSchema is the JSON Schema (draft 2020-12) of a scenario of a mock.
//
//go:embed scenario.schema.json
var ScenarioSchema []byte
