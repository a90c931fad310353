package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
)

// refusal is what a service answers when it sheds, to be written by hand.
type refusal struct {
	status int
	header [][2]string
	body   []byte
}

// shed has a full service refuse one request.
func shed() (refusal, error) {
	svc, err := wrap(http.HandlerFunc(read), io.Discard, func(net.Addr) {}, []string{fixedOne})
	if err != nil {
		return refusal{}, err
	}
	undo, err := full(svc)
	if err != nil {
		return refusal{}, err
	}
	defer undo()
	rec := httptest.NewRecorder()
	svc.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/orders", http.NoBody))
	r := refusal{status: rec.Code, body: rec.Body.Bytes()}
	for name, values := range rec.Header() {
		r.header = append(r.header, [2]string{name, values[0]})
	}
	return r, nil
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
