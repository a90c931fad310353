package rounds

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
)

// Floor is a subject that parses nothing: it reads as many bytes as the request
// has and writes the answer. What it costs no server on these sockets can save.
func Floor(request string, status int, answer string) Subject {
	return Subject{Name: "sockets alone", Request: request, Status: status, Start: func() (string, func() error, error) {
		ln, err := listen()
		if err != nil {
			return "", nil, err
		}
		f := &floor{request: len(request), answer: []byte(answer)}
		f.wg.Go(func() { f.accept(ln) })
		return ln.Addr().String(), func() error {
			err := ln.Close()
			f.hangUp()
			f.wg.Wait()
			return err
		}, nil
	}}
}

type floor struct {
	request int
	answer  []byte
	wg      sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func (f *floor) accept(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return // it was closed
		}
		f.mu.Lock()
		f.conns = append(f.conns, conn)
		f.mu.Unlock()
		f.wg.Go(func() {
			buf := make([]byte, f.request)
			for {
				if _, err := io.ReadFull(conn, buf); err != nil {
					return // the client has left
				}
				if _, err := conn.Write(f.answer); err != nil {
					return
				}
			}
		})
	}
}

func (f *floor) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.conns {
		_ = conn.Close()
	}
}

func listen() (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// Handler is a subject that serves h with net/http and nothing else.
func Handler(name string, h http.Handler, request string, status int) Subject {
	return Subject{Name: name, Request: request, Status: status, Start: func() (string, func() error, error) {
		ln, err := listen()
		if err != nil {
			return "", nil, err
		}
		srv := &http.Server{Handler: h} //nolint:gosec // its only client is this program
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(ln) }()
		return ln.Addr().String(), func() error {
			err := srv.Close()
			if serveErr := <-ended; !errors.Is(serveErr, http.ErrServerClosed) {
				return errors.Join(err, serveErr)
			}
			return err
		}, nil
	}}
}
