package telemetry

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// maxSeries bounds the attribute sets of one instrument, below the 2,000 where
// the SDK folds everything that follows into one set.
const maxSeries = 1000

// other stands for every value beyond a bound, as semantic conventions have it
// for methods.
const other = "_OTHER"

// series keeps what was made for a key, for ever, and can be read without a
// lock or an allocation. It holds at most maxSeries keys, not counting those it
// folds the rest into.
type series[K comparable, V any] struct {
	mu   sync.Mutex // serialises writers
	rows atomic.Pointer[map[K]V]
}

// get returns the row of k. When the table is full, it is that of fold(k),
// which must have few values.
func (s *series[K, V]) get(k K, fold func(K) K, build func(K) V) V {
	if v, ok := s.find(&k, fold); ok {
		return v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.find(&k, fold); ok {
		return v
	}
	rows := map[K]V{}
	if old := s.rows.Load(); old != nil {
		rows = maps.Clone(*old)
	}
	v := build(k)
	rows[k] = v
	s.rows.Store(&rows)
	return v
}

// find folds k if there is no room for it.
func (s *series[K, V]) find(k *K, fold func(K) K) (v V, ok bool) {
	rows := s.rows.Load()
	if rows == nil {
		return v, false
	}
	if v, ok = (*rows)[*k]; !ok && len(*rows) >= maxSeries {
		*k = fold(*k)
		v, ok = (*rows)[*k]
	}
	return v, ok
}

// all calls f for every row.
func (s *series[K, V]) all(f func(K, V)) {
	if rows := s.rows.Load(); rows != nil {
		for k, v := range *rows {
			f(k, v)
		}
	}
}

// The methods that http.request.method may name: those of RFC 9110, PATCH
// (RFC 5789) and QUERY. 0 is any other.
var methods = [...]string{other, "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}

type methodID uint8

// methodOf is case-sensitive, as methods are. A client's "" is GET.
func methodOf(name string) methodID {
	switch name {
	case "GET", "":
		return 3
	case "POST":
		return 7
	}
	for i, m := range methods[1:] {
		if m == name {
			return methodID(i + 1)
		}
	}
	return 0
}

func (m methodID) String() string { return methods[m] }

func (m methodID) attribute() attribute.KeyValue {
	return semconv.HTTPRequestMethodKey.String(m.String())
}

func scheme(secure bool) string {
	if secure {
		return "https"
	}
	return "http"
}

// routePath is the route without its method, which has its own attribute:
// "/orders/{id}" for the pattern "GET /orders/{id}".
func routePath(pattern string) string {
	if method, path, ok := strings.Cut(pattern, " "); ok && methodOf(method) != 0 {
		return strings.TrimLeft(path, " \t")
	}
	return pattern
}
