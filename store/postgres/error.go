package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parlance-api/parlance"
)

var errClosed = fmt.Errorf("postgres: the store is closed: %w", parlance.ErrUnavailable)

// unavailable says for each SQLSTATE, or class of them, that is no fault of the
// statement what to do about it (PostgreSQL, appendix A).
var unavailable = map[string]string{
	"08":    "the connection was lost; a new one is made",
	"25006": "it is read-only: use the address of the primary",
	"40001": "transactions conflicted too often: make them shorter",
	"40P01": "transactions were in a deadlock too often: make all of them change rows in the same order",
	"53":    "it is out of disk, memory or connections: check its log",
	"55P03": "another transaction holds what this one needs: end it, or make it shorter",
	"57014": "it took too long",
	"57P":   "it is starting or stopping: wait for it",
	"58":    "its disk failed: check its log",
	"XX":    "its data may be damaged: check its log",
}

// explain makes of an error that is no fault of the statement one that wraps
// parlance.ErrUnavailable and says what to do. lost is that the connection is gone.
func explain(ctx context.Context, err error, lost bool) error {
	if err == nil || errors.Is(err, parlance.ErrUnavailable) {
		return err
	}
	if gone := ctx.Err(); gone != nil { // the caller's doing
		if !errors.Is(err, gone) {
			err = fmt.Errorf("%w: %w", gone, err)
		}
		return err
	}
	what := ""
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		for _, state := range []string{refused.Code, refused.Code[:min(3, len(refused.Code))], refused.Code[:min(2, len(refused.Code))]} {
			if what = unavailable[state]; what != "" {
				break
			}
		}
	} else if lost || broken(err) && !errors.As(err, new(callers)) {
		what = "it cannot be reached: check that it runs, and check the network"
	}
	if what == "" {
		return err
	}
	return fmt.Errorf("postgres: %s: %w: %w", what, parlance.ErrUnavailable, err)
}

// broken reports an error of the connection.
func broken(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}

// callers is an error of the function that a transaction ran. It may be about something
// else, such as another service that cannot be reached.
type callers struct{ error }

func (e callers) Unwrap() error { return e.error }

// noConnection is the error of who got none within his patience.
type noConnection struct{ error }

func (e noConnection) Unwrap() error { return e.error }

// asksAgain reports that nothing was done, and that the database asks for the
// same again, or that the connection broke before anything was sent.
func asksAgain(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code == "40001" || refused.Code == "40P01"
	}
	if errors.As(err, new(noConnection)) {
		return false
	}
	return errors.Is(err, errNotBegun) || pgconn.SafeToRetry(err) && !errors.Is(err, pgx.ErrTxClosed)
}

// quote makes an identifier of any name.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
