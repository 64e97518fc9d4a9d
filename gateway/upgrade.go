package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// switchProtocols makes one connection of the caller's and the upstream's, after the
// upstream has agreed to switch protocols (RFC 9110, 7.8). It returns when both have ended
// what they send, when one of the connections breaks, or when the exchange ends. If there
// is an error, nothing was sent to the caller.
func switchProtocols(w http.ResponseWriter, x *exchange, resp *http.Response) error {
	upstream, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		return errors.New("gateway: the transport gives no connection to a switched protocol")
	}
	defer upstream.Close()
	if got := upgradeOf(resp.Header); !strings.EqualFold(got, x.upgrade) {
		return fmt.Errorf("gateway: the upstream switched to the protocol %q, and %q was asked for", got, x.upgrade)
	}
	caller, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return fmt.Errorf("gateway: the connection of the caller cannot be taken over: %w", err)
	}
	defer caller.Close()
	defer context.AfterFunc(x, func() { _ = upstream.Close() })()
	addFields(w.Header(), resp.Header)
	resp.Header, resp.Body = w.Header(), nil // the connection is no body
	if resp.Write(buffered) != nil || buffered.Flush() != nil {
		return nil // the caller is gone
	}
	ended := make(chan error, 2)
	go func() { ended <- pipe(upstream, buffered.Reader) }()
	go func() { ended <- pipe(caller, upstream) }()
	if <-ended == nil {
		<-ended
	}
	return nil
}

var errNoHalf = errors.New("gateway: half of the connection cannot be closed")

// pipe copies what one side sends until it ends, and tells the other side of the end.
func pipe(to io.Writer, from io.Reader) error {
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errNoHalf
}
