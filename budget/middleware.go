package budget

import (
	"net/http"
	"time"

	"github.com/plimsoll-go/plimsoll/route"
)

// Config is what Middleware may be told. The zero value gives every request DefaultLimit and answers 504 after it.
type Config struct {
	// Limit is how long a request may take. 0: DefaultLimit, 5 s.
	Limit time.Duration

	// Stream returns how long a request may take that is a declared stream, which is not cut at Limit; 0 when it is
	// none. It must decide by what the code knows, such as the route, not by what a client can send. Nil: no streams.
	Stream func(*http.Request) time.Duration

	// Reader reads what callers allow. Nil: the headers that every Reader reads.
	Reader *Reader

	// Trusted says whether a caller is inside the trust boundary: its class and attempt are believed, and its answer
	// has Server-Timing. Anybody may shorten the deadline. Nil: nobody is.
	Trusted func(*http.Request) bool

	// Answer, Header and Panic are those of Enforcement.
	Answer func(w http.ResponseWriter, r *http.Request)
	Header func(http.Header)
	Panic  func(v any, stack []byte)

	// Observe is told how each request ended, before its connection is released. Nil: nobody is.
	Observe func(*http.Request, Result)
}

// Middleware gives every request a deadline and enforces it, on any net/http server. It begins a ledger where no other
// is in the request's context, and closes that. Declared streams may be hijacked, other requests not.
func Middleware(c Config) func(http.Handler) http.Handler {
	if c.Reader == nil {
		c.Reader = &Reader{}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			result := c.serve(w, r, next)
			if c.Observe != nil {
				c.Observe(r, result)
			}
			if result.Outcome.Aborts() {
				panic(http.ErrAbortHandler)
			}
		})
	}
}

func (c *Config) serve(w http.ResponseWriter, r *http.Request, next http.Handler) Result {
	e := Enforcement{Answer: c.Answer, Header: c.Header, Panic: c.Panic}
	limit := c.Limit
	if c.Stream != nil {
		if d := c.Stream(r); d > 0 {
			limit, e.Stream, e.Hijack = d, true, true
		}
	}
	arrival := time.Now()
	trusted := c.Trusted != nil && c.Trusted(r)
	parent := r.Context()
	ledger := FromContext(parent)
	own := ledger == nil
	if own {
		ledger = new(Ledger)
		parent = ledger.Open(parent, termsOf(r.Header, arrival, trusted))
	}
	ctx, cancel := c.Reader.Start(parent, arrival, limit, r.Header)
	defer cancel()
	if trusted {
		e.Header = func(h http.Header) {
			ledger.AddServerTiming(h, time.Now())
			if c.Header != nil {
				c.Header(h)
			}
		}
	}
	result := enforce(ctx, w, r, next, &e)
	if own {
		result.Bill = ledger.Close(time.Now())
	}
	return result
}

// termsOf are a request's, as far as they are believed.
func termsOf(h http.Header, arrival time.Time, trusted bool) Terms {
	t := Terms{Arrival: arrival}
	if !trusted {
		return t
	}
	if v := h[HeaderClass]; len(v) == 1 {
		t.Class, _ = route.ParseCriticality(v[0])
	}
	if v := h[HeaderAttempt]; len(v) == 1 {
		t.Attempt, _ = ParseAttempt(v[0])
	}
	return t
}
