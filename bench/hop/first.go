//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// streamBegins is the beginning of a stream of JSON, of which the upstream sends no more
// before the caller has it.
const (
	streamPath   = "/stream"
	streamEvents = `{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a"}}}` + "\n" + `{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"b"}}}` + "\n"
)

// stream sends a stream of JSON whose end waits for the caller.
func (u *upstream) stream(w io.Writer) error {
	begin := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(streamEvents), streamEvents)
	u.sent <- time.Now()
	if _, err := w.Write(begin); err != nil {
		return err
	}
	<-u.more
	_, err := io.WriteString(w, "0\r\n\r\n")
	return err
}

// measureFirst prints how long after the upstream sends it the first byte of a stream of JSON
// reaches the caller. The proxies take turns.
func (c config) measureFirst(w io.Writer, up *upstream, proxies []*proxy) error {
	delays := make([][]time.Duration, len(proxies))
	for round := range c.first + 100 { // the first ones open connections and are not counted
		for i, p := range proxies {
			d, err := p.callers[0].firstByte(up)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			if round >= 100 {
				delays[i] = append(delays[i], d)
			}
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| by\t| median\t| 99th percentile\t| more than the first, median\t| 99th percentile\t|")
	fmt.Fprintln(t, "|---\t|--:\t|--:\t|--:\t|--:\t|")
	for i, p := range proxies {
		more := make([]time.Duration, c.first) // than the first proxy in the same round
		for n := range more {
			more[n] = delays[i][n] - delays[0][n]
		}
		all := slices.Sorted(slices.Values(delays[i]))
		slices.Sort(more)
		fmt.Fprintf(t, "| %s\t| %d µs\t| %d µs\t| %d µs\t| %d µs\t|\n", p.name,
			at(all, 50).Microseconds(), at(all, 99).Microseconds(), at(more, 50).Microseconds(), at(more, 99).Microseconds())
	}
	return t.Flush()
}

// at is a percentile of sorted times.
func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

// firstByte is how long after the upstream sent it the first byte of a stream arrives.
func (c *caller) firstByte(up *upstream) (time.Duration, error) {
	if _, err := io.WriteString(c, "GET "+streamPath+" HTTP/1.1\r\nHost: api.test\r\nAccept: application/json\r\nUser-Agent: hop\r\n\r\n"); err != nil {
		return 0, err
	}
	got := c.buf[:0]
	for !bytes.Contains(got, []byte(`{"type"`)) {
		n, err := c.Read(c.buf[len(got):])
		if err != nil {
			return 0, err
		}
		got = c.buf[:len(got)+n]
	}
	took := time.Since(<-up.sent)
	up.more <- struct{}{}
	return took, c.chunks(got)
}
