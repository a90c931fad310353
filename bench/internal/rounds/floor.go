package rounds

import (
	"io"
	"net"
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
		f.conns.Go(func() { f.accept(ln) })
		return ln.Addr().String(), func() error {
			err := ln.Close()
			f.conns.Wait() // the clients have left by now
			return err
		}, nil
	}}
}

type floor struct {
	request int
	answer  []byte
	conns   sync.WaitGroup
}

func (f *floor) accept(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return // it was closed
		}
		f.conns.Go(func() {
			defer conn.Close()
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
