package rounds

import (
	"context"
	"errors"
	"net"
	"net/http"
)

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

func listen() (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
}
