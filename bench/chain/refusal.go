package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/plimsoll-go/plimsoll"
)

// refusal is what a service answers when it sheds, to be written by hand.
type refusal struct {
	status int
	header [][2]string
	body   []byte
}

// shed has a full service refuse one request.
func shed() (refusal, error) {
	svc, err := wrap(http.HandlerFunc(read), io.Discard, fixedOne)
	if err != nil {
		return refusal{}, err
	}
	empty, err := full(svc.Admission())
	if err != nil {
		return refusal{}, err
	}
	defer empty()
	rec := httptest.NewRecorder()
	svc.ServeHTTP(rec, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/orders", http.NoBody))
	r := refusal{status: rec.Code, body: rec.Body.Bytes()}
	for name, values := range rec.Header() {
		r.header = append(r.header, [2]string{name, values[0]})
	}
	return r, nil
}

// shedding is a service that is full from its first moment to its last.
func shedding(pattern string) service {
	s := service{name: "shed by a service", log: io.Discard, environ: []string{fixedOne}}
	empty := func() {}
	s.setUp = func(svc *plimsoll.Service) (err error) {
		svc.HandleFunc(pattern, read)
		empty, err = full(svc.Admission())
		return err
	}
	s.leave = func() { empty() }
	return s
}

// ServeHTTP writes the refusal as a handler on net/http would.
func (a refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	for _, line := range a.header {
		h.Set(line[0], line[1])
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client is this program
}

// String is the refusal on the wire.
func (a refusal) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	for _, line := range a.header {
		fmt.Fprintf(&b, "%s: %s\r\n", line[0], line[1])
	}
	fmt.Fprintf(&b, "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n%s", a.body)
	return b.String()
}
