package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/plimsoll-go/plimsoll/problem"
)

// classify gives a kind to errors that are no fault of the statement: a limit of
// time is a context.DeadlineExceeded, a lost connection or a server that lets
// nobody in is Unavailable. What the server says about a statement, a unique key
// or a serialization failure, stays as it is.
func classify(ctx context.Context, err error) error {
	over := ctx.Err()
	var refused *pgconn.PgError
	var connecting *pgconn.ConnectError
	switch {
	case errors.As(err, &refused) && refused.Code == "57014": // query_canceled: the timeout, or it was told to
		if over == nil {
			over = context.DeadlineExceeded
		}
		return fmt.Errorf("%w: %w", over, err)
	case over != nil && !errors.Is(err, over) && (refused == nil || gone(refused.Code)):
		return fmt.Errorf("%w: %w", over, err)
	case over != nil:
		return err
	case errors.As(err, &connecting), refused != nil && gone(refused.Code), refused == nil && lost(err):
		return problem.Wrap(problem.Unavailable, "the database cannot be reached", err).WithHeader("Retry-After", "1")
	}
	return err
}

// gone is by SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html.
func gone(code string) bool {
	switch code {
	case "53300", // too_many_connections
		"57P01", "57P02", "57P03", "57P05": // the server stops, crashed, starts; an idle session was ended
		return true
	}
	return strings.HasPrefix(code, "08") // connection_exception
}

// lost reports whether the connection ended under the statement.
func lost(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn)
}
