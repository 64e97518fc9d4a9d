package gateway

import (
	"log/slog"
	"net"
	"net/http"
	"testing"
)

// closing is a connection that notes its end.
type closing struct {
	net.Conn
	closed bool
}

// Close notes the end.
func (c *closing) Close() error { c.closed = true; return nil }

func TestTheConnectionThatHasBeenIdleForTheLongestTimeIsClosed(t *testing.T) {
	c := newConns(9, 2, slog.New(slog.DiscardHandler))
	var all [3]closing
	for i := range all {
		c.changed(&all[i], http.StateNew)
		c.changed(&all[i], http.StateActive)
	}
	for _, i := range []int{1, 0, 2} {
		c.changed(&all[i], http.StateIdle)
	}
	if all[0].closed || !all[1].closed || all[2].closed {
		t.Errorf("got %v, want the second alone closed", all)
	}
}
