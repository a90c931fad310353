package main

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

// service is a whole service as a subject: its own listener, the chain, a log.
type service struct {
	name    string
	log     io.Writer
	environ []string
	setUp   func(*plimsoll.Service) error
	leave   func() // what setUp began ends here; nil: nothing
}

func (s service) subject(request string, status int) rounds.Subject {
	return rounds.Subject{Name: s.name, Request: request, Status: status, Start: s.start}
}

// options are an environment that is not the process's, on any free ports.
func options(log io.Writer, environ []string) []plimsoll.Option {
	environ = append([]string{"ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "PLIMSOLL_DRAIN_LAG=0s"}, environ...)
	return []plimsoll.Option{plimsoll.Environ(environ...), plimsoll.Output(log)}
}

func (s service) start() (addr string, stop func() error, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended, listening := make(chan error, 1), make(chan string, 1)
	setUp := func(_ context.Context, svc *plimsoll.Service, _ struct{}) error { return s.setUp(svc) }
	go func() {
		ended <- plimsoll.Run(ctx, "bench", setUp, append(options(s.log, s.environ),
			plimsoll.OnListen(func(public, _ net.Addr) { listening <- public.String() }))...)
	}()
	select {
	case addr = <-listening:
		return addr, func() error {
			if s.leave != nil {
				s.leave()
			}
			cancel()
			return <-ended
		}, nil
	case err = <-ended:
		cancel()
		return "", nil, errors.Join(errors.New("the service ended before it served"), err)
	}
}

// handle is how a service registers its one route.
func handle(pattern string, h http.Handler, opts ...route.Option) func(*plimsoll.Service) error {
	return func(svc *plimsoll.Service) error {
		svc.Handle(pattern, h, opts...)
		return nil
	}
}

// wrap is the chain as the handler of a server that is not its own.
func wrap(h http.Handler, log io.Writer, environ ...string) (*plimsoll.Service, error) {
	return plimsoll.Wrap("bench", h, options(log, environ)...)
}

// fixedOne is the environment of a service that full fills.
const fixedOne = "PLIMSOLL_ADMISSION=fixed:1"

// full takes the only permit and the only place in the queue, so that whatever
// comes is shed until empty is called.
func full(c *admission.Controller) (empty func(), err error) {
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
