package outbound

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
)

// CallOption changes one call of a [Client].
type CallOption func(*options) error

// options are what a call is made with.
type options struct {
	request  *http.Request
	policy   policy
	fallback func(context.Context, error) error // nil: none
}

// Header sets a header, in place of what this package would set.
func Header(name, value string) CallOption {
	return func(o *options) error {
		o.request.Header.Set(name, value)
		return nil
	}
}

var errKey = errors.New("an idempotency key must be of 1 to 255 printable ASCII characters")

// IdempotencyKey says that the call takes effect once, however often it arrives with this key, and lets the client
// send it again. It is sent as a string of RFC 9651, in quotes, as
// draft-ietf-httpapi-idempotency-key-header-07 has it. The key must be the same whenever the same effect is meant: not
// one made for the call.
func IdempotencyKey(key string) CallOption {
	return func(o *options) error {
		if key == "" || len(key) > 255 || strings.IndexFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) >= 0 {
			return errKey
		}
		o.request.Header.Set("Idempotency-Key", `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key)+`"`)
		return nil
	}
}

// Repeatable says that the dependency honours Idempotency-Key, and gives the call one of its own, unless it has one or
// its method needs none: it may be sent again like a GET. The key is new for each call, so it protects against this
// client's repetitions only; an effect that a caller may ask for twice needs an [IdempotencyKey] of its own.
func Repeatable() CallOption {
	return func(o *options) error {
		if !safeMethod(o.request.Method) && !keyed(o.request.Header) {
			o.request.Header.Set("Idempotency-Key", `"`+rand.Text()+`"`)
		}
		return nil
	}
}

// Once says that the call is not sent again, whatever its method.
func Once() CallOption {
	return func(o *options) error {
		o.policy.once = true
		return nil
	}
}
