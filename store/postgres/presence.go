package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parlance-api/parlance"
)

// beat is how often an idle connection is asked whether it lives.
const beat = 5 * time.Second

// presence is what the other processes know this one by: a session advisory lock on
// a random number, on a connection of its own. A number is never used again.
type presence struct {
	connect *pgx.ConnConfig
	timeout time.Duration
	turn    chan struct{} // holds a token while a connection is made

	mu     sync.Mutex
	id     int64         // 0 where the connection is lost
	had    []int64       // all there were, that of now among them
	end    func()        // of the connection
	ended  chan struct{} // closed when it has
	closed bool
}

// identity is the number of this process, a new one where the last was lost.
func (p *presence) identity(ctx context.Context) (int64, error) {
	if id, err := p.now(); id != 0 || err != nil {
		return id, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if id, err := p.now(); id != 0 || err != nil {
		return id, err
	}
	conn, err := pgx.ConnectConfig(ctx, p.connect)
	if err != nil {
		return 0, err
	}
	id := rand.Int64()
	var held bool
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", id).Scan(&held)
	if err == nil && !held {
		err = fmt.Errorf("postgres: the number %d of this process is used by another one: %w", id, parlance.ErrUnavailable)
	}
	life, end := context.WithCancel(context.Background())
	ended := make(chan struct{})
	p.mu.Lock()
	if err == nil && p.closed {
		err = errClosed
	}
	if err == nil {
		p.id, p.had, p.end, p.ended = id, append(slices.Clip(p.had), id), end, ended
	}
	p.mu.Unlock()
	if err != nil {
		end()
		conn.Close(ctx)
		return 0, err
	}
	go func() {
		defer close(ended)
		defer end()
		p.watch(life, conn, id)
	}()
	return id, nil
}

// now is the number as far as is known; 0 where there is none.
func (p *presence) now() (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, errClosed
	}
	return p.id, nil
}

// ours are all numbers that this process ever had.
func (p *presence) ours() []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.had // which is never changed, only replaced
}

// watch looks after the connection until it is lost, or life ends.
func (p *presence) watch(life context.Context, conn *pgx.Conn, id int64) {
	lives := func() bool {
		wait, cancel := context.WithTimeout(life, beat)
		defer cancel()
		if _, err := conn.WaitForNotification(wait); err == nil || !pgconn.Timeout(err) {
			return err == nil
		}
		wait, cancel = context.WithTimeout(life, beat)
		defer cancel()
		return conn.Ping(wait) == nil
	}
	for life.Err() == nil && lives() {
	}
	p.mu.Lock()
	if p.id == id {
		p.id = 0
	}
	p.mu.Unlock()
	last, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	if !conn.IsClosed() { // or the next process would find it alive for a moment
		_, _ = conn.Exec(last, "SELECT pg_advisory_unlock($1)", id)
	}
	_ = conn.Close(last)
}

// close ends it for good.
func (p *presence) close() {
	p.mu.Lock()
	p.closed = true
	end, ended := p.end, p.ended
	p.mu.Unlock()
	if end != nil {
		end()
		<-ended
	}
}
