package main

import (
	"context"
	"net/http"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
	"github.com/plimsoll-go/plimsoll/bench/internal/services"
	"github.com/plimsoll-go/plimsoll/route"
)

const request = "GET /orders HTTP/1.1\r\nHost: orders.test\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n"

// refusal is one way to refuse beside a bare handler that writes the same bytes.
type refusal struct {
	name  string
	floor []rounds.Sample // a server that parses nothing
	bare  []rounds.Sample
	own   []rounds.Sample
}

// measureRefusals has admission alone and a whole service refuse.
func measureRefusals(plan rounds.Plan) ([]refusal, error) {
	middleware, err := shedding()
	if err != nil {
		return nil, err
	}
	byService, err := services.Shed()
	if err != nil {
		return nil, err
	}
	alone := services.Recorded(middleware)
	all := []refusal{{name: "admission.Middleware"}, {name: "a whole service"}}
	for i, c := range []struct {
		bytes services.Refusal
		own   rounds.Subject
	}{
		{alone, rounds.Handler("own", middleware, request, alone.Status)},
		{byService, services.Shedding("GET /orders").Subject(request, byService.Status)},
	} {
		rows, err := plan.Interleave([]rounds.Subject{
			rounds.Floor(request, c.bytes.Status, c.bytes.String()),
			rounds.Handler("bare", c.bytes, request, c.bytes.Status),
			c.own,
		})
		if err != nil {
			return nil, err
		}
		all[i].floor, all[i].bare, all[i].own = rows[0], rows[1], rows[2]
	}
	return all, nil
}

// shedding is admission on net/http that refuses everything: its one permit is
// out, and nobody may wait.
func shedding() (http.Handler, error) {
	c, err := admission.New(admission.Config{Limit: 1, Queue: admission.NoQueue})
	if err != nil {
		return nil, err
	}
	if _, err := c.Acquire(context.Background(), route.Critical); err != nil {
		return nil, err
	}
	// The seconds differ from answer to answer, and with them its length.
	options := admission.Options{RetryAfter: func() int { return 1 }}
	return admission.Middleware(c, options)(http.NotFoundHandler()), nil
}
