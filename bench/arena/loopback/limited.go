package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/peers"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/route"
)

// limited is how a peer takes part: its limiter before the handler of a net/http
// server, with a small answer for those that it refuses.
func limited(limiter func(job) peers.Limiter) func(job, *bench, io.Writer) (string, *admission.Controller, error) {
	return func(j job, b *bench, _ io.Writer) (string, *admission.Controller, error) {
		addr, err := serve(&gate{limiter: limiter(j), budget: j.Workload.Budget, next: b})
		return addr, nil, err
	}
}

// serve serves h on a free loopback port for the life of the process.
func serve(h http.Handler) (string, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	srv := &http.Server{Handler: h} //nolint:gosec // its only client is this program
	go func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	return ln.Addr().String(), nil
}

// gate is a limiter before a handler.
type gate struct {
	limiter peers.Limiter
	budget  time.Duration
	next    http.Handler
}

// refused is what a request that was refused is answered.
var refused = []byte("the service is at its limit\n")

// ServeHTTP asks the limiter with the request's class and deadline.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	ctx, cancel := budget.Start(r.Context(), arrived, g.budget, r.Header)
	defer cancel()
	leave := g.limiter.Enter(ctx, classOf(r), tenantOf(r))
	if leave == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(refused) // who does not read a refusal does not matter
		return
	}
	// Without it a handler that never blocks returns before the next request is
	// looked at, and every limiter sees one request at a time.
	runtime.Gosched()
	g.next.ServeHTTP(w, r)
	leave(ctx.Err() == nil)
}

// classOf believes the header: every client is on this machine.
func classOf(r *http.Request) route.Criticality {
	class, ok := route.ParseCriticality(r.Header.Get("Plimsoll-Class"))
	if !ok {
		return route.Critical
	}
	return class
}
