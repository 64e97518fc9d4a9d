// Package storm measures what clients that retry do to a server that has
// stalled. docs/storm.md says what was measured, and holds the table.
package storm
