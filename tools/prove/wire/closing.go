package wire

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// CloseKind says how a connection ended.
type CloseKind uint8

// The ends of a connection, as its client sees them.
const (
	Open     CloseKind = iota // it had not ended when we stopped looking
	FIN                       // the peer closed its side in order
	RST                       // the peer reset it
	TimedOut                  // the kernel gave up on it: the peer no longer acknowledges
	Local                     // we closed it
)

// String returns open, fin, rst, timed-out or local.
func (k CloseKind) String() string {
	switch k {
	case Open:
		return "open"
	case FIN:
		return "fin"
	case RST:
		return "rst"
	case TimedOut:
		return "timed-out"
	case Local:
		return "local"
	}
	return "unknown"
}

// MarshalText returns String.
func (k CloseKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is the reverse of MarshalText.
func (k *CloseKind) UnmarshalText(b []byte) error {
	for c := Open; c <= Local; c++ {
		if c.String() == string(b) {
			*k = c
			return nil
		}
	}
	return errors.New("unknown close kind " + string(b))
}

// Close is how and when a connection ended. The zero value is a connection that is open.
type Close struct {
	Kind  CloseKind     `json:"kind"`
	At    time.Duration `json:"at_ns"`           // since the origin; for Open, when we stopped looking
	Error string        `json:"error,omitempty"` // what the kernel or TLS said, if it was not a plain FIN
}

// closeKind classifies the error that ended reading, given the first error of writing. Linux hands the pending error of
// a reset socket to whichever call comes first: a write that got it leaves a bare end of file for the reader.
func closeKind(read, write error) CloseKind {
	switch {
	case errors.Is(read, os.ErrClosed):
		return Local
	case errors.Is(read, syscall.ECONNRESET), errors.Is(write, syscall.ECONNRESET):
		return RST
	case errors.Is(read, syscall.ETIMEDOUT):
		return TimedOut
	case errors.Is(read, io.EOF), errors.Is(read, io.ErrUnexpectedEOF):
		return FIN
	}
	return RST // TLS alerts and what else ends a stream out of order
}
