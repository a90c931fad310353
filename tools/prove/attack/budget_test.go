package attack

import (
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

func TestABudgetIsReadInEveryForm(t *testing.T) {
	s := &Session{spec: &spec.Service{Budget: spec.Budget{Header: "X-Time-Left", Unit: "s"}}}
	for _, c := range []struct {
		header, value, name string
		left                time.Duration
	}{
		{"plimsoll-budget", "250", "Plimsoll-Budget", 250 * time.Millisecond},
		{"grpc-timeout", "3S", "grpc-timeout", 3 * time.Second},
		{"grpc-timeout", "250m", "grpc-timeout", 250 * time.Millisecond},
		{"connect-timeout-ms", "40", "Connect-Timeout-Ms", 40 * time.Millisecond},
		{"x-envoy-expected-rq-timeout-ms", "40", "X-Envoy-Expected-Rq-Timeout-Ms", 40 * time.Millisecond},
		{"x-time-left", "1.5", "X-Time-Left", 1500 * time.Millisecond},
		{"plimsoll-budget", "soon", "", 0},
		{"grpc-timeout", "123456789S", "", 0},
		{"grpc-timeout", "S", "", 0},
	} {
		name, left := s.budgetOf(fault.Record{Carried: fault.Carried{More: map[string]string{c.header: c.value}}})
		assert.Equal(t, name, c.name, c.value)
		assert.Equal(t, left, c.left, c.value)
	}
	// What is written for the service is read back from it.
	for _, field := range s.budgetHeaders(250 * time.Millisecond) {
		_, left := s.budgetOf(fault.Record{Carried: fault.Carried{More: map[string]string{strings.ToLower(field.Name): field.Value}}})
		assert.Equal(t, left, 250*time.Millisecond, field.Name)
	}
}

func FuzzGRPCTimeout(f *testing.F) {
	for _, text := range []string{"1S", "99999999H", "m", "", "+1S"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := grpcTimeout(text); ok && (d < 0 || len(text) < 2 || len(text) > 9) {
			t.Errorf("%q is %v", text, d)
		}
	})
}

func TestARepeatUnderAnotherKeyIsSeen(t *testing.T) {
	call := func(method, hash, key string) fault.Record {
		return fault.Record{Method: method, Path: "/charges", Hash: hash, Size: 9, Carried: fault.Carried{IdempotencyKey: key}}
	}
	calls := []fault.Record{call("POST", "a", "1"), call("POST", "a", "1"), call("POST", "a", "2"), call("POST", "b", ""), call("GET", "a", "3")}
	assert.Equal(t, newKeys(calls), 1)
	counts := repeatCounts(calls)
	assert.Equal(t, counts.Calls, 4)
	assert.Equal(t, counts.Bare, 1)
	assert.Equal(t, counts.Keyed, 2)
	assert.Len(t, callLines(calls, 0), 5)
}
