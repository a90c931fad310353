// Package memhttp is an HTTP server on a network in memory, for tests: real net/http on both sides, HTTP/1.1 and
// h2c, no ports. All of its waiting is durable in the sense of testing/synctest, so a test may run it on fake time.
package memhttp

import (
	"context"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// URL is the address of every server; each is alone on its network.
const URL = "http://mem.test"

// Server is a running http.Server.
type Server struct {
	listener *Listener
	http     *http.Server
	log      *lines
	h1, h2   *http.Client
}

// New serves the handler until the test ends. Each configure may change the server before it starts.
func New(tb testing.TB, handler http.Handler, configure ...func(*http.Server)) *Server {
	tb.Helper()
	s := &Server{listener: Listen(), log: &lines{}}
	s.http = &http.Server{Handler: handler, ErrorLog: log.New(s.log, "", 0), Protocols: new(http.Protocols)}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetUnencryptedHTTP2(true)
	for _, f := range configure {
		f(s.http)
	}
	s.h1, s.h2 = s.client(false), s.client(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.http.Serve(s.listener) // it says that the server was closed
	}()
	tb.Cleanup(func() {
		s.h1.CloseIdleConnections()
		s.h2.CloseIdleConnections()
		_ = s.http.Close() // connections in memory close without error
		<-ended
	})
	return s
}

// Client speaks HTTP/1.1, with keep-alive. It has no timeout.
func (s *Server) Client() *http.Client { return s.h1 }

// ClientH2 speaks HTTP/2 without TLS. It has no timeout.
func (s *Server) ClientH2() *http.Client { return s.h2 }

// Dial opens a raw connection to the server.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) { return s.listener.Dial(ctx, "", "") }

// HTTP is the server itself.
func (s *Server) HTTP() *http.Server { return s.http }

// Log is what net/http has logged so far, a line each.
func (s *Server) Log() string { return s.log.String() }

func (s *Server) client(h2 bool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!h2)
	protocols.SetUnencryptedHTTP2(h2)
	return &http.Client{
		Transport:     &http.Transport{DialContext: s.listener.Dial, Protocols: protocols, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// lines is an io.Writer that many goroutines may write to and read from.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
