// Package bench measures Parlance and its alternatives side by side, in one run.
// README.md holds the figures and the command that reproduces them.
package bench
