package main

import (
	"fmt"
	"io"
	"time"

	"github.com/parlance-api/parlance/internal/say"
)

// countdown is the line that a person at a terminal sees while nothing happens.
// It stays away from everybody else.
type countdown struct {
	w     io.Writer // nil for nobody
	style style
	stop  chan struct{} // nil where none is shown
	done  chan struct{}
}

func (a *app) newCountdown() *countdown {
	if !isTerminal(a.stderr) || a.getenv("TERM") == "dumb" {
		return &countdown{}
	}
	return &countdown{w: a.stderr, style: a.styleOf(a.stderr)}
}

// begin shows the line, which text makes of how long it has been shown, and
// writes it anew until end.
func (c *countdown) begin(text func(since time.Duration) string) {
	if c.end(); c.w == nil {
		return
	}
	stop, done, began := make(chan struct{}), make(chan struct{}), time.Now()
	c.stop, c.done = stop, done
	go func() {
		defer close(done)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			fmt.Fprintf(c.w, "\r\x1b[K%s", c.style.dim(text(time.Since(began))))
			select {
			case <-stop:
				fmt.Fprint(c.w, "\r\x1b[K")
				return
			case <-tick.C:
			}
		}
	}()
}

// end takes the line away, so that what is said next begins at the margin.
func (c *countdown) end() {
	if c.stop != nil {
		close(c.stop)
		<-c.done
		c.stop = nil
	}
}

// awaiting is the line while a request is on its way. Nobody wants to see it
// flicker, so that it says nothing at first.
func awaiting(since time.Duration) string {
	if since < time.Second {
		return ""
	}
	return "  no response yet, " + say.Brief(since.Truncate(time.Second))
}

// waiting is the line before a retry.
func waiting(wait time.Duration) func(time.Duration) string {
	return func(since time.Duration) string {
		left := wait - since
		whole := left.Truncate(time.Second)
		if whole < left {
			whole += time.Second
		}
		return "  " + say.Brief(max(whole, 0)) + " to go; Ctrl-C ends the wait"
	}
}
