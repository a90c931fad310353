package load

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
)

// answered is the outcome of a complete answer.
func answered(status int) Outcome {
	switch {
	case status >= 200 && status < 400, status == 101:
		return OK
	case status == 503, status == 429:
		return Shed
	}
	return Failed
}

// lost is the outcome of a request whose connection ended with err; begun: the answer had begun.
func lost(err error, begun bool) Outcome {
	inOrder := err == nil || errors.Is(err, io.EOF)
	switch {
	case inOrder && begun:
		return Truncated
	case inOrder:
		return Closed
	case begun:
		return Broken
	}
	return Reset
}

// unopened is the outcome of a request for which no connection could be opened. Ours are the errors that a client
// machine runs into by itself: no local port, no descriptor, no memory.
func unopened(err error) Outcome {
	switch {
	case errors.Is(err, context.Canceled):
		return Cancelled
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	}
	for _, ours := range []error{syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.EMFILE, syscall.ENFILE,
		syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, ours) {
			return Local
		}
	}
	return Unreachable
}
