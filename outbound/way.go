package outbound

import (
	"net/http"
	"net/url"
)

// way is asked by net/http for the proxy, each time that it looks for a connection for a request. A second time means
// that it is about to send the request again, on its own account and as often as it has kept connections: it does so
// when one had ended before anything was written, or under a request that is safe or has a key. Here each sending is an
// attempt, and paid for; so it is told not to, and [outcome] stale says why it did not.
//
// In HTTP/2 a second look only means that the connection it had found takes no more streams.
func (t *transport) way(r *http.Request) (*url.URL, error) {
	if a, ok := r.Context().Value(attemptKey{}).(*attempt); ok {
		if a.ways++; a.ways > 1 && !a.call.destination.http2.Load() {
			return nil, errStale
		}
	}
	return http.ProxyFromEnvironment(r)
}
