// Package crash kills a server again and again while it works. It counts which
// acknowledged requests were lost or done twice; bench/crash.md has the result.
package crash
