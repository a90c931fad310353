package problem

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/trace"
)

// ContentType is the media type of RFC 9457.
const ContentType = "application/problem+json"

// Recorder is what a ResponseWriter may be, to learn why an answer failed: the
// request chain's writer is, and puts the error in the access log. On any other
// writer the cause of a 5xx is logged by slog.
type Recorder interface {
	RecordError(error)
}

type document struct {
	Type    string  `json:"type"`
	Title   string  `json:"title"`
	Status  int     `json:"status"`
	Detail  string  `json:"detail,omitempty"`
	TraceID string  `json:"trace_id,omitempty"`
	Errors  []Field `json:"errors,omitempty"`
}

// Write answers with err as problem details. The trace id is that of the span
// context in r's context. Nothing of a cause is shown. The headers that
// described the answer that will not be written are removed.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	p := From(err)
	if p == nil {
		p = New(Internal, "")
		p.Cause = errNil
	}
	body := p.body(trace.SpanContextFromContext(r.Context()).TraceID())
	h := w.Header()
	for _, k := range []string{"Content-Encoding", "Etag", "Last-Modified", "Cache-Control", "Content-Range"} {
		h.Del(k)
	}
	for k, v := range p.Header {
		h[k] = v
	}
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	record(w, r, p)
	w.WriteHeader(p.Kind.Status())
	_, _ = w.Write(body) // the caller is gone if this fails; the access log says so
}

func (e *Error) body(id trace.TraceID) []byte {
	doc := document{Type: e.Type, Title: e.Kind.Title(), Status: e.Kind.Status(), Detail: e.Detail, Errors: e.Fields}
	if doc.Type == "" {
		doc.Type = "about:blank"
	}
	if id.IsValid() {
		doc.TraceID = id.String()
	}
	body, err := json.Marshal(doc)
	if err != nil { // strings and ints always marshal
		panic("problem: " + err.Error())
	}
	return append(body, '\n')
}

func record(w http.ResponseWriter, r *http.Request, p *Error) {
	if rec, ok := w.(Recorder); ok {
		rec.RecordError(p)
		return
	}
	if p.Kind.Status() >= 500 && p.Cause != nil {
		slog.ErrorContext(r.Context(), "request failed", "kind", p.Kind.String(), "error", p.Cause.Error())
	}
}
