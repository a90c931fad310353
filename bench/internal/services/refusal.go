package services

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/plimsoll-go/plimsoll"
)

// Refusal is what a service answers when it sheds, to be written by hand.
type Refusal struct {
	Status int
	Header [][2]string
	Body   []byte
}

// Shed has a full service refuse one request.
func Shed() (Refusal, error) {
	svc, err := Wrap(http.NotFoundHandler(), io.Discard, fixedOne)
	if err != nil {
		return Refusal{}, err
	}
	empty, err := Full(svc.Admission())
	if err != nil {
		return Refusal{}, err
	}
	defer empty()
	return Recorded(svc), nil
}

// Recorded is what a handler that refuses everything answers.
func Recorded(h http.Handler) Refusal {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/orders", http.NoBody))
	r := Refusal{Status: rec.Code, Body: rec.Body.Bytes()}
	for name, values := range rec.Header() {
		r.Header = append(r.Header, [2]string{name, values[0]})
	}
	return r
}

// Shedding is a service that is full from its first moment to its last.
func Shedding(pattern string) Service {
	s := Service{Name: "shed by a service", Log: io.Discard, Environ: []string{fixedOne}}
	empty := func() {}
	s.SetUp = func(svc *plimsoll.Service) (err error) {
		svc.Handle(pattern, http.NotFoundHandler())
		empty, err = Full(svc.Admission())
		return err
	}
	s.Leave = func() { empty() }
	return s
}

// ServeHTTP writes the refusal as a handler on net/http would.
func (a Refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	for _, line := range a.Header {
		h.Set(line[0], line[1])
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the client is this program
}

// String is the refusal on the wire.
func (a Refusal) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.Status, http.StatusText(a.Status))
	for _, line := range a.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", line[0], line[1])
	}
	fmt.Fprintf(&b, "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n%s", a.Body)
	return b.String()
}
