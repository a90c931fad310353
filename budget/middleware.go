package budget

import (
	"net/http"
	"time"
)

// Config is what Middleware may be told. The zero value gives every request DefaultLimit and answers 504 after it.
type Config struct {
	// Limit is how long a request may take. 0: DefaultLimit, 5 s.
	Limit time.Duration

	// Stream returns how long a request may take that is a declared stream, which is not cut at Limit; 0 when it is
	// none. It must decide by what the code knows, such as the route, not by what a client can send. Nil: no streams.
	Stream func(*http.Request) time.Duration

	// Answer, Header and Panic are those of Enforcement.
	Answer func(w http.ResponseWriter, r *http.Request)
	Header func(http.Header)
	Panic  func(v any, stack []byte)

	// Observe is told how each request ended, before its connection is released. Nil: nobody is.
	Observe func(*http.Request, Result)
}

// Middleware gives every request a deadline and enforces it, on any net/http server. Declared streams may be hijacked,
// other requests not.
func Middleware(c Config) func(http.Handler) http.Handler {
	ordinary := &Enforcement{Answer: c.Answer, Header: c.Header, Panic: c.Panic}
	stream := &Enforcement{Answer: c.Answer, Header: c.Header, Panic: c.Panic, Stream: true, Hijack: true}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			limit, enforcement := c.Limit, ordinary
			if c.Stream != nil {
				if d := c.Stream(r); d > 0 {
					limit, enforcement = d, stream
				}
			}
			ctx, cancel := Start(r.Context(), time.Now(), limit, r.Header)
			defer cancel()
			result := enforce(ctx, w, r, next, enforcement)
			if c.Observe != nil {
				c.Observe(r, result)
			}
			if result.Outcome.Aborts() {
				panic(http.ErrAbortHandler)
			}
		})
	}
}
