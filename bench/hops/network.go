package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/memhttp"
)

// oneWay is how long a request is under way from one host to the next.
const oneWay = 250 * time.Microsecond

// network has the hosts of a run.
type network struct {
	hosts   map[string]*memhttp.Listener
	clients []interface{ CloseIdleConnections() }
	servers []*http.Server
	running sync.WaitGroup
}

func newNetwork() *network { return &network{hosts: map[string]*memhttp.Listener{}} }

// serve runs a server on a host until the network is closed.
func (n *network) serve(host string, h http.Handler) {
	ln := memhttp.Listen()
	n.hosts[host] = ln
	srv := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(oneWay)
		h.ServeHTTP(w, r)
	})}
	n.servers = append(n.servers, srv)
	n.running.Go(func() {
		_ = srv.Serve(ln) // it says that the server was closed
	})
}

var errNoHost = errors.New("no such host")

// dial connects to a host by its name.
func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ln := n.hosts[host]
	if ln == nil {
		return nil, errNoHost
	}
	return ln.Dial(ctx, "mem", address)
}

// transport is a plain one, with enough idle connections for the load.
func (n *network) transport() *http.Transport {
	t := &http.Transport{DialContext: n.dial, MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second}
	n.clients = append(n.clients, t)
	return t
}

// close ends the servers and waits for them.
func (n *network) close() error {
	var errs []error
	for _, c := range n.clients {
		c.CloseIdleConnections()
	}
	for _, s := range n.servers {
		errs = append(errs, s.Close())
	}
	n.running.Wait()
	return errors.Join(errs...)
}
