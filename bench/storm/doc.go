// Package storm measures what clients that repeat do to a server that has
// stalled. docs/storm.md says what was measured, and holds the table.
package storm
