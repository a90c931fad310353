// Package services are whole services as subjects of a measurement, and what one of
// them answers when it refuses.
package services

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
	"github.com/plimsoll-go/plimsoll/route"
)

// Service is a whole service as a subject: its own listener, the chain, a log.
type Service struct {
	Name    string
	Log     io.Writer
	Environ []string
	SetUp   func(*plimsoll.Service) error
	Leave   func() // what SetUp began ends here; nil: nothing
}

// Subject is the service being asked for something that it answers with a status.
func (s Service) Subject(request string, status int) rounds.Subject {
	return rounds.Subject{Name: s.Name, Request: request, Status: status, Start: s.start}
}

// options are an environment that is not the process's, on any free ports. Nobody is
// trusted: an answer with Server-Timing is not as long as the one before.
func options(log io.Writer, environ []string) []plimsoll.Option {
	environ = append([]string{"ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "PLIMSOLL_DRAIN_LAG=0s", "PLIMSOLL_TRUST=192.0.2.0/24"}, environ...)
	return []plimsoll.Option{plimsoll.Environ(environ...), plimsoll.Output(log)}
}

func (s Service) start() (addr string, stop func() error, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended, listening := make(chan error, 1), make(chan string, 1)
	setUp := func(_ context.Context, svc *plimsoll.Service, _ struct{}) error { return s.SetUp(svc) }
	go func() {
		ended <- plimsoll.Run(ctx, "bench", setUp, append(options(s.Log, s.Environ),
			plimsoll.OnListen(func(public, _ net.Addr) { listening <- public.String() }))...)
	}()
	select {
	case addr = <-listening:
		return addr, func() error {
			if s.Leave != nil {
				s.Leave()
			}
			cancel()
			return <-ended
		}, nil
	case err = <-ended:
		cancel()
		return "", nil, errors.Join(errors.New("the service ended before it served"), err)
	}
}

// Handle is how a service registers its one route.
func Handle(pattern string, h http.Handler, opts ...route.Option) func(*plimsoll.Service) error {
	return func(svc *plimsoll.Service) error {
		svc.Handle(pattern, h, opts...)
		return nil
	}
}

// Wrap is the chain as the handler of a server that is not its own.
func Wrap(h http.Handler, log io.Writer, environ ...string) (*plimsoll.Service, error) {
	return plimsoll.Wrap("bench", h, options(log, environ)...)
}

// fixedOne is the environment of a service that Full fills.
const fixedOne = "PLIMSOLL_ADMISSION=fixed:1"

// Full takes the only permit and the only place in the queue, so that whatever
// comes is shed until empty is called.
func Full(c *admission.Controller) (empty func(), err error) {
	permit, err := c.Acquire(context.Background(), route.Critical)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan struct{})
	go func() {
		defer close(left)
		if second, err := c.Acquire(ctx, route.CriticalPlus); err == nil {
			second.Release(admission.Unused)
		}
	}()
	empty = func() {
		cancel()
		<-left
		permit.Release(admission.Unused)
	}
	for deadline := time.Now().Add(time.Second); c.Hopeless(context.Background(), route.Critical) == nil; {
		if time.Now().After(deadline) {
			empty()
			return nil, fmt.Errorf("the queue was not full after a second: %+v", c.Snapshot())
		}
		time.Sleep(time.Millisecond)
	}
	return empty, nil
}
