package telemetry

import (
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestSamplerFromEnv(t *testing.T) {
	for name, c := range map[string]struct{ sampler, arg, want, err string }{
		"default":        {"", "", "", ""},
		"named default":  {"parentbased_always_on", "", "", ""},
		"on":             {"always_on", "", "AlwaysOnSampler", ""},
		"off":            {" Always_Off ", "", "AlwaysOffSampler", ""},
		"parent off":     {"parentbased_always_off", "", "ParentBased{root:AlwaysOffSampler", ""},
		"ratio":          {"traceidratio", "0.25", "TraceIDRatioBased{0.25}", ""},
		"parent ratio":   {"parentbased_traceidratio", "0.01", "ParentBased{root:TraceIDRatioBased{0.01}", ""},
		"ratio unset":    {"traceidratio", "", "TraceIDRatioBased{1}", ""},
		"unknown":        {"sometimes", "", "", `unknown sampler "sometimes"`},
		"no number":      {"traceidratio", "half", "", `"half" is no share`},
		"above one":      {"traceidratio", "1.5", "", `"1.5" is no share`},
		"below zero":     {"parentbased_traceidratio", "-0.1", "", `"-0.1" is no share`},
		"not comparable": {"traceidratio", "NaN", "", `"NaN" is no share`},
	} {
		env := map[string]string{"OTEL_TRACES_SAMPLER": c.sampler, "OTEL_TRACES_SAMPLER_ARG": c.arg}
		got, err := samplerFromEnv(func(k string) string { return env[k] })
		if c.err != "" {
			assert.Error(t, err, name)
			assert.Contains(t, err.Error(), c.err, name)
			continue
		}
		assert.NoError(t, err, name)
		if c.want == "" {
			assert.True(t, got == nil, name)
			continue
		}
		assert.Contains(t, got.Description(), c.want, name)
	}
}
