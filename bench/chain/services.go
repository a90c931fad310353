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

// wrap puts the whole chain around h, as an existing main would.
func wrap(h http.Handler, log io.Writer, listening func(net.Addr), environ []string) (*plimsoll.Service, error) {
	environ = append([]string{"ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "PLIMSOLL_DRAIN_LAG=0s"}, environ...)
	return plimsoll.Wrap("bench", h, plimsoll.Environ(environ...), plimsoll.Output(log),
		plimsoll.OnListen(func(public, _ net.Addr) { listening(public) }))
}

// service is a subject that is a whole service: its own listener, the chain, and
// the log, which prepare may change before it serves.
type service struct {
	name    string
	handler http.Handler
	log     io.Writer
	environ []string
	prepare func(*plimsoll.Service) (undo func(), err error)
}

func (s service) subject(request string, status int) rounds.Subject {
	return rounds.Subject{Name: s.name, Request: request, Status: status, Start: s.start}
}

func (s service) start() (string, func() error, error) {
	listening := make(chan string, 1)
	svc, err := wrap(s.handler, s.log, func(a net.Addr) { listening <- a.String() }, s.environ)
	if err != nil {
		return "", nil, err
	}
	undo := func() {}
	if s.prepare != nil {
		if undo, err = s.prepare(svc); err != nil {
			return "", nil, err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- svc.Serve(ctx) }()
	stop := func() error {
		undo()
		cancel()
		return <-ended
	}
	select {
	case addr := <-listening:
		return addr, stop, nil
	case err := <-ended:
		cancel()
		return "", nil, errors.Join(errors.New("the service ended before it served"), err)
	}
}

// inServer is the chain as the handler of a server that is not its own.
func inServer(h http.Handler, log io.Writer) (http.Handler, error) {
	return wrap(h, log, func(net.Addr) {}, nil)
}

// streaming declares the handler's routes streams, which run on the connection's
// own goroutine and are not cut.
func streaming(h http.Handler) func(*plimsoll.Service) (func(), error) {
	return func(svc *plimsoll.Service) (func(), error) {
		svc.Handle("/orders", h, route.Stream(time.Hour))
		return func() {}, nil
	}
}

// full takes the only permit and the only place in the queue, so that whatever
// comes is shed. The environment must say PLIMSOLL_ADMISSION=fixed:1.
func full(svc *plimsoll.Service) (undo func(), err error) {
	c := svc.Admission()
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
	undo = func() {
		cancel()
		<-left
		permit.Release(admission.Unused)
	}
	for deadline := time.Now().Add(time.Second); ; {
		if c.Hopeless(context.Background(), route.Critical) != nil {
			return undo, nil
		}
		if time.Now().After(deadline) {
			undo()
			return nil, fmt.Errorf("the queue was not full after a second: %+v", c.Snapshot())
		}
		time.Sleep(time.Millisecond)
	}
}
