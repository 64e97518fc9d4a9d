// Package bench measures Parlance beside what a user would pick instead, in one
// run. README.md holds the figures and the command that reproduces them.
package bench
