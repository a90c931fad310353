// Package route holds what one route asks of the service that runs it: its
// budget, its class, whether it streams, and how large a body it takes.
//
// A policy is data. It is given where a route is registered and read by the
// request chain; nothing in it can be changed by a request.
package route

import (
	"net/http"
	"time"
)

// Policy is what one route asks for. The zero value asks for the defaults of
// the service.
type Policy struct {
	// Name is the route's name in metrics and logs, such as
	// "GET /orders/{id}". It has few values. Empty: the pattern it was
	// registered under.
	Name string

	// Budget is the time a request has, from its header's arrival to the
	// last byte of its answer. 0: the service's default.
	Budget time.Duration

	// Class is the route's criticality. Unset: Critical.
	Class Criticality

	// Stream, when positive, declares that answers stream for at most this
	// long. A stream is not cut at Budget, takes its permit before its body
	// is read, gives it back when its answer begins, and is told of a drain
	// by its context.
	Stream time.Duration

	// MaxBody is the largest request body in bytes, after decompression.
	// 0: the service's default.
	MaxBody int64

	// Gzip admits gzip-compressed request bodies. Otherwise any
	// Content-Encoding is answered 415.
	Gzip bool

	// ServerTiming shows every caller where the time of an answer went, by
	// dependency. Otherwise only callers inside the trust boundary see it.
	ServerTiming bool

	// Tenant is a cheap key for fairness (a header, a token's hash, an
	// address). It is never a verified identity. "" is nobody in particular.
	// Nil: as the service tells tenants apart (PLIMSOLL_TENANT).
	Tenant func(*http.Request) string
}

// Option sets one part of a Policy.
type Option func(*Policy)

// New makes a Policy from options, later ones winning.
func New(opts ...Option) Policy {
	var p Policy
	for _, opt := range opts {
		opt(&p)
	}
	return p
}

// Name names the route in metrics and logs. It must have few values.
func Name(name string) Option { return func(p *Policy) { p.Name = name } }

// Budget gives every request of the route this much time.
func Budget(d time.Duration) Option { return func(p *Policy) { p.Budget = d } }

// Class sets the route's criticality.
func Class(c Criticality) Option { return func(p *Policy) { p.Class = c } }

// Stream declares that the route's answers stream for at most max.
func Stream(max time.Duration) Option { return func(p *Policy) { p.Stream = max } }

// Body sets the largest request body, in bytes after decompression.
func Body(bytes int64) Option { return func(p *Policy) { p.MaxBody = bytes } }

// Gzip admits gzip-compressed request bodies.
func Gzip() Option { return func(p *Policy) { p.Gzip = true } }

// ServerTiming shows every caller where the time of an answer went.
func ServerTiming() Option { return func(p *Policy) { p.ServerTiming = true } }

// Tenant sets the key that requests are kept fair by.
func Tenant(key func(*http.Request) string) Option { return func(p *Policy) { p.Tenant = key } }
