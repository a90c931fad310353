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

// plimsollService is a service with all defaults: the request chain with admission and the budget, and a client made
// by package outbound.
func plimsollService(n *network, name, next string, width int, t *tally) (http.Handler, error) {
	var client *outbound.Client
	handler := problem.Handler(func(w http.ResponseWriter, r *http.Request) error {
		q := t.of(r)
		defer t.left(q)
		err := together(r.Context(), width, func(ctx context.Context) error {
			return client.GetJSON(ctx, "/", nil, outbound.Header(idHeader, r.Header.Get(idHeader)))
		})
		if err == nil {
			_, err = io.WriteString(w, "{}\n")
		}
		return err
	})
	service, err := plimsoll.Wrap(name, handler, plimsoll.Environ(), plimsoll.Output(io.Discard))
	if err != nil {
		return nil, err
	}
	url, err := config.ParseURL("http://" + next)
	if err != nil {
		return nil, err
	}
	client = outbound.New(service, outbound.Config{Name: next, URL: url, Dial: n.dial})
	if idle, ok := client.Transport().(interface{ CloseIdleConnections() }); ok {
		n.clients = append(n.clients, idle)
	}
	return service, nil
}
