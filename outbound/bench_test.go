package outbound_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// What a call costs beside the same call through a bare http.Transport. The server is in the measurement.
func BenchmarkCall(b *testing.B) {
	s := memhttp.New(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	tel, err := telemetry.New(telemetry.Config{Output: io.Discard})
	assert.NoError(b, err)
	defer func() { assert.NoError(b, tel.Shutdown(context.Background())) }()
	c := outbound.Config{URL: parse(b, memhttp.URL), Dial: dial(s)}
	watched := c
	watched.Telemetry = tel
	for _, run := range []struct {
		name string
		rt   http.RoundTripper
	}{
		{"bare", &http.Transport{DialContext: c.Dial}},
		{"outbound", outbound.Transport(c)},
		{"outbound with telemetry", outbound.Transport(watched)},
	} {
		b.Run(run.name, func(b *testing.B) {
			ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
			defer cancel()
			r := get(b, ctx, memhttp.URL+"/x")
			b.ReportAllocs()
			for b.Loop() {
				res, err := run.rt.RoundTrip(r)
				assert.NoError(b, err)
				_, err = io.Copy(io.Discard, res.Body)
				assert.NoError(b, err)
				assert.NoError(b, res.Body.Close())
			}
		})
	}
}
