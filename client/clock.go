package client

import (
	"context"
	"io"
	"net/http"
	"time"
)

// errAttemptTimeout is the error of an attempt that took too long. To errors.Is
// it is context.DeadlineExceeded, like any other deadline.
var errAttemptTimeout error = attemptTimeout{}

type attemptTimeout struct{}

func (attemptTimeout) Error() string        { return "client: the attempt took longer than its timeout" }
func (attemptTimeout) Timeout() bool        { return true }
func (attemptTimeout) Is(target error) bool { return target == context.DeadlineExceeded }

// clock bounds one attempt until its meaning is known. The zero value bounds
// nothing.
type clock struct {
	timer  *time.Timer
	cancel context.CancelFunc
}

// startClock starts the timeout of an attempt, and gives the request the context
// that ends with it.
func (x *exchange) startClock(out **http.Request) (c clock) {
	if x.cfg.timeout <= 0 {
		return c
	}
	ctx, cancel := context.WithCancel((*out).Context())
	c.cancel = cancel
	c.timer = time.AfterFunc(x.cfg.timeout, cancel)
	*out = (*out).WithContext(ctx)
	return c
}

// stop ends the timeout of an attempt. If it has passed, no response came. If a
// body still streams, its context lives until the body is closed.
func (c clock) stop(x *exchange, resp *http.Response, err error) (*http.Response, error) {
	if c.timer == nil {
		return resp, err
	}
	switch out := !c.timer.Stop() && x.Err() == nil; {
	case out && (err != nil || !x.response.whole):
		if resp != nil {
			_ = resp.Body.Close() // of a response that came too late
		}
		c.cancel()
		return nil, errAttemptTimeout
	case err != nil || x.response.whole:
		c.cancel()
	default:
		resp.Body = untilClosed(resp.Body, c.cancel)
	}
	return resp, err
}

// untilClosed keeps a context until a body is closed. The body of a switched
// protocol stays writable.
func untilClosed(body io.ReadCloser, cancel context.CancelFunc) io.ReadCloser {
	c := &cancelled{body, cancel}
	if w, ok := body.(io.Writer); ok {
		return struct {
			*cancelled
			io.Writer
		}{c, w}
	}
	return c
}

// cancelled ends a context when it is closed.
type cancelled struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c *cancelled) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}
