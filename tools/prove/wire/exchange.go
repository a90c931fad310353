package wire

import (
	"context"
	"io"
	"time"
)

// Exchange is what one request on a connection of its own came to.
type Exchange struct {
	Sent     int64    `json:"sent"` // bytes handed to the kernel
	Response Response `json:"response"`
	Failure  string   `json:"failure,omitempty"` // why there is no complete response
	Close    Close    `json:"close"`
	Events   []Event  `json:"events"`
	Err      error    `json:"-"` // Failure, for errors.Is: ErrTimeout, ErrClosed or ErrMalformed
}

// Wait says how long an exchange may take once its connection is open.
type Wait struct {
	Answer time.Duration // for sending and a complete answer; 0: 10 s
	Linger time.Duration // after that, to see whether the peer ends the connection; 0: do not wait
}

// Do opens a connection, sends the request while it listens, waits for the answer, and then to see whether the peer ends
// the connection. An answer that arrives before the whole request is sent stops the sending; a reset after an answer
// does not lose it. The error is that of opening the connection; all else is in the Exchange.
func Do(ctx context.Context, addr string, request io.Reader, w Wait, o Options) (Exchange, error) {
	c, err := Dial(ctx, addr, o)
	if err != nil {
		return Exchange{}, err
	}
	defer func() { _ = c.Close() }()
	if w.Answer == 0 {
		w.Answer = 10 * time.Second
	}
	patience, cancel := context.WithTimeout(ctx, w.Answer)
	defer cancel()
	var x Exchange
	x.Sent, err = c.Stream(patience, request)
	if err != nil {
		c.log.note(c.Now(), "note", err.Error())
	}
	x.Response, x.Err = c.Response(patience)
	if x.Err != nil {
		x.Failure = x.Err.Error()
	}
	lingering, cancel := context.WithTimeout(ctx, w.Linger)
	defer cancel()
	x.Close = c.AwaitClose(lingering)
	x.Events = c.log.Events()
	return x, nil
}
