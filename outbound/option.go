package outbound

import (
	"errors"
	"net/http"
	"strings"
)

// CallOption changes the request of one call.
type CallOption func(*http.Request) error

// Header sets a header, in place of what this package would set.
func Header(name, value string) CallOption {
	return func(r *http.Request) error {
		r.Header.Set(name, value)
		return nil
	}
}

var errKey = errors.New("an idempotency key must be of 1 to 255 printable ASCII characters")

// IdempotencyKey says that the call takes effect once, however often it arrives with this key, and lets the transport
// send it again where a connection died under it. It is sent as a string of RFC 9651, in quotes, as
// draft-ietf-httpapi-idempotency-key-header-07 has it. The key must be the same whenever the same effect is meant: not
// one made for the call.
func IdempotencyKey(key string) CallOption {
	return func(r *http.Request) error {
		if key == "" || len(key) > 255 || strings.IndexFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) >= 0 {
			return errKey
		}
		r.Header.Set("Idempotency-Key", `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key)+`"`)
		return nil
	}
}
