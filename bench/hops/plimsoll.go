package main

import (
	"context"
	"io"
	"net/http"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// plimsollService is a service with all defaults, the request chain with admission and the budget, and a client made by
// package outbound.
func plimsollService(c outbound.Config) build {
	return func(n *network, name, next string, width int, t *tally) (http.Handler, error) {
		var client *outbound.Client
		service, err := plimsoll.Wrap(name, problem.Handler(func(w http.ResponseWriter, r *http.Request) error {
			q := t.of(r)
			defer t.left(q)
			err := together(r.Context(), width, func(ctx context.Context) error {
				return client.GetJSON(ctx, "/", nil, outbound.Header(idHeader, r.Header.Get(idHeader)))
			})
			if err == nil {
				_, err = io.WriteString(w, "{}\n")
			}
			return err
		}), plimsoll.Environ(), plimsoll.Output(io.Discard))
		if err != nil {
			return nil, err
		}
		own := c
		own.Name, own.Dial = next, n.dial
		if own.URL, err = config.ParseURL("http://" + next); err != nil {
			return nil, err
		}
		client = outbound.New(service, own)
		if idle, ok := client.Transport().(interface{ CloseIdleConnections() }); ok {
			n.clients = append(n.clients, idle)
		}
		return service, nil
	}
}
