package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

func TestEveryKindHasNameStatusAndTitle(t *testing.T) {
	names, statuses := map[string]Kind{}, map[int]Kind{}
	for k := range kinds {
		if k.String() == "" || k.Title() == "" || k.Status() < 400 {
			t.Errorf("kind %d is incomplete: %q %q %d", k, k.String(), k.Title(), k.Status())
		}
		if other, dup := names[k.String()]; dup {
			t.Errorf("%v and %v share a name", k, other)
		}
		if other, dup := statuses[k.Status()]; dup {
			t.Errorf("%v and %v share status %d", k, other, k.Status())
		}
		names[k.String()], statuses[k.Status()] = k, k
		if OfStatus(k.Status()) != k {
			t.Errorf("OfStatus(%d) = %v, want %v", k.Status(), OfStatus(k.Status()), k)
		}
	}
	if OfStatus(418) != Invalid || OfStatus(599) != Internal || Kind(200).Status() != 500 {
		t.Error("unknown statuses and kinds must fall back")
	}
}

func TestFromClassifies(t *testing.T) {
	secret := errors.New("pq: password authentication failed for user admin")
	cases := []struct {
		err  error
		want Kind
	}{
		{secret, Internal},
		{fmt.Errorf("read order: %w", New(NotFound, "no such order")), NotFound},
		{fmt.Errorf("charge: %w", context.DeadlineExceeded), Deadline},
		{&http.MaxBytesError{Limit: 3}, TooLarge},
	}
	for _, c := range cases {
		if got := From(c.err).Kind; got != c.want {
			t.Errorf("From(%v) = %v, want %v", c.err, got, c.want)
		}
		if !errors.Is(From(c.err), c.err) && c.want != NotFound {
			t.Errorf("From(%v) lost its cause", c.err)
		}
	}
	if From(nil) != nil {
		t.Error("From(nil) is not nil")
	}
}

func TestWriteShowsTheTraceAndHidesTheCause(t *testing.T) {
	id := trace.TraceID{1, 2, 3}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{9}}))
	r := httptest.NewRequestWithContext(ctx, "GET", "/orders/1", nil)
	w := httptest.NewRecorder()
	w.Header().Set("Etag", `"old"`)
	w.Header().Set("Cache-Control", "max-age=60")
	err := Wrap(Unprocessable, "currency is unknown", errors.New("SELECT * FROM secrets")).WithHeader("Retry-After", "3")
	err.Fields = []Field{{Pointer: "/currency", Detail: "must be ISO 4217"}}
	Write(w, r, err)

	var doc map[string]any
	if e := json.Unmarshal(w.Body.Bytes(), &doc); e != nil {
		t.Fatalf("body is not JSON: %v", e)
	}
	if w.Code != 422 || w.Header().Get("Content-Type") != ContentType || w.Header().Get("Retry-After") != "3" {
		t.Errorf("answer is %d %v", w.Code, w.Header())
	}
	if doc["trace_id"] != id.String() || doc["status"] != 422.0 || doc["type"] != "about:blank" {
		t.Errorf("document is %v", doc)
	}
	if w.Header().Get("Etag") != "" || w.Header().Get("Cache-Control") != "" {
		t.Error("headers of the answer that was not written remain")
	}
	if strings.Contains(w.Body.String(), "SELECT") || !strings.Contains(w.Body.String(), "/currency") {
		t.Errorf("body is %s", w.Body)
	}
}

type recorder struct {
	http.ResponseWriter
	got error
}

func (r *recorder) RecordError(err error) { r.got = err }

func TestHandlerReportsTheCauseToTheWriter(t *testing.T) {
	cause := errors.New("disk full")
	h := Handler(func(http.ResponseWriter, *http.Request) error { return cause })
	w := &recorder{ResponseWriter: httptest.NewRecorder()}
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if !errors.Is(w.got, cause) {
		t.Errorf("the writer was told %v", w.got)
	}
}

func TestWithHeaderCopies(t *testing.T) {
	shared := New(Method, "")
	a := shared.WithHeader("Allow", "GET")
	if shared.Header != nil || a.Header.Get("Allow") != "GET" {
		t.Error("WithHeader changed the shared error")
	}
}
