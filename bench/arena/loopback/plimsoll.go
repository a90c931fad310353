package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
)

// startMiddleware is admission alone on net/http, with a deadline set around it.
func startMiddleware(j job, b *bench, _ io.Writer) (string, *admission.Controller, error) {
	controller, err := admission.New(admission.Config{Mode: admission.Adaptive})
	if err != nil {
		return "", nil, err
	}
	admitted := admission.Middleware(controller, admission.Options{Class: classOf, Tenant: tenantOf})(b)
	addr, err := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := budget.Start(r.Context(), time.Now(), j.Workload.Budget, r.Header)
		defer cancel()
		admitted.ServeHTTP(w, r.WithContext(ctx))
	}))
	return addr, controller, err
}

// startService is a whole service as it comes, with its access log, but for two
// settings: the adaptive limit, and what tells tenants apart.
func startService(_ job, b *bench, log io.Writer) (string, *admission.Controller, error) {
	var controller *admission.Controller
	setUp := func(_ context.Context, s *plimsoll.Service, _ struct{}) error { //nolint:unparam // as Run wants it
		controller = s.Admission()
		s.Handle("GET /work", b)
		return nil
	}
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() { // for the life of the process
		ended <- plimsoll.Run(context.Background(), "arena", setUp,
			plimsoll.Environ("ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "PLIMSOLL_ADMISSION=adaptive", "PLIMSOLL_TENANT=header:"+tenantHeader),
			plimsoll.Output(log),
			plimsoll.OnListen(func(public, _ net.Addr) { listening <- public.String() }))
	}()
	select {
	case addr := <-listening:
		return addr, controller, nil
	case err := <-ended:
		return "", nil, errors.Join(errors.New("the service ended before it served"), err)
	}
}
