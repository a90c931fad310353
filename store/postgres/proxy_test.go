package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

// proxy stands before a server, to hang and to cut.
type proxy struct {
	url  string
	made atomic.Int32 // connections, those of cancel requests included
	open atomic.Int32 // of them
	most atomic.Int32 // of open

	heal chan struct{} // closed: what hangs goes on
}

// The words of a client at which the proxy does something.
var (
	hangs = []byte("hang here") // the statement does not reach the server, which is well otherwise
	cuts  = []byte("commit")    // it does, and the answer is lost
)

func newProxy(t *testing.T) *proxy {
	t.Helper()
	target := storetest.Postgres(t).URL.Parsed()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, listener.Close()) })
	p := &proxy{heal: make(chan struct{}), url: fmt.Sprintf("postgres://%s@%s%s?sslmode=disable", target.Query().Get("user"), listener.Addr(), target.Path)}
	socket := filepath.Join(target.Query().Get("host"), ".s.PGSQL.5432")
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			go p.serve(context.WithoutCancel(t.Context()), client, socket)
		}
	}()
	return p
}

func (p *proxy) serve(ctx context.Context, client net.Conn, socket string) {
	server, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		_ = client.Close()
		return
	}
	p.made.Add(1)
	for now := p.open.Add(1); ; {
		most := p.most.Load()
		if now <= most || p.most.CompareAndSwap(most, now) {
			break
		}
	}
	var both sync.WaitGroup
	cut := func() { _, _ = client.Close(), server.Close() }
	both.Go(func() { defer cut(); p.copy(server, client, true) })
	both.Go(func() { defer cut(); p.copy(client, server, false) })
	both.Wait()
	p.open.Add(-1)
}

// copy passes bytes on until either end closes.
func (p *proxy) copy(to io.Writer, from io.Reader, client bool) {
	buffer := make([]byte, 8192)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if client && bytes.Contains(buffer[:n], hangs) {
			<-p.heal
		}
		if _, err = to.Write(buffer[:n]); err != nil {
			return
		}
		if client && bytes.Contains(buffer[:n], cuts) {
			return
		}
	}
}
