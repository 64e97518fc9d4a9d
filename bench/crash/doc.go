// Package crash kills a server again and again while it works, and counts what
// became of what it had acknowledged. bench/crash.md says what came of it.
package crash
