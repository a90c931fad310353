package wire

import (
	"strings"
	"time"
)

// Field is one header line as it was received.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Response is an answer as far as it was received.
type Response struct {
	Status    int           `json:"status"` // 0: not even the status line arrived
	Header    []Field       `json:"header,omitempty"`
	Body      []byte        `json:"body,omitempty"` // the first 64 KiB, or what Options.KeepBody says, without framing
	BodyBytes int64         `json:"body_bytes"`
	Interim   int           `json:"interim,omitempty"` // 1xx responses before it
	Chunked   bool          `json:"chunked,omitempty"`
	KeepAlive bool          `json:"keep_alive"` // it leaves the connection usable
	Complete  bool          `json:"complete"`   // its framing says that all of it arrived
	First     time.Duration `json:"first_ns"`   // when its first byte arrived, since the origin
	Last      time.Duration `json:"last_ns"`    // when its last byte so far arrived
}

// Get returns the value of the first header of that name, in whatever case, or "".
func (r *Response) Get(name string) string {
	for _, f := range r.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// keepHeaders bounds the header lines kept of one response.
const keepHeaders = 200

// assembler turns a parser's events into responses.
type assembler struct {
	parser   Parser
	current  Response
	keepBody int
}

func newAssembler(head bool, keepBody int) *assembler {
	a := &assembler{keepBody: keepBody}
	a.parser.OnHeader = func(name, value []byte) {
		if len(a.current.Header) < keepHeaders {
			a.current.Header = append(a.current.Header, Field{string(name), string(value)})
		}
	}
	a.parser.OnBody = func(p []byte) {
		if room := a.keepBody - len(a.current.Body); room > 0 {
			a.current.Body = append(a.current.Body, p[:min(room, len(p))]...)
		}
	}
	a.parser.Reset(head)
	return a
}

// snapshot returns the response as far as it is known.
func (a *assembler) snapshot() Response {
	r, p := a.current, &a.parser
	r.Status, r.BodyBytes, r.Interim, r.Chunked = p.Status, p.BodyBytes, p.Interim, p.Chunked
	r.Complete = p.Done()
	r.KeepAlive = r.Complete && !p.Close
	return r
}
