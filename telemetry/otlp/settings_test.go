package otlp

import (
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"

func TestReadDecidesWhatIsExported(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want settings
	}{
		"nothing set":           {nil, settings{}},
		"one endpoint for both": {map[string]string{endpoint: "http://c:4318"}, settings{true, true}},
		"traces only":           {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c/v1/traces"}, settings{traces: true}},
		"metrics only":          {map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c/v1/metrics"}, settings{metrics: true}},
		"disabled":              {map[string]string{endpoint: "http://c:4318", "OTEL_SDK_DISABLED": "True"}, settings{}},
		"disabled, not checked": {map[string]string{endpoint: "::", "OTEL_SDK_DISABLED": "true"}, settings{}},
		"not disabled":          {map[string]string{endpoint: " http://c:4318 ", "OTEL_SDK_DISABLED": "false"}, settings{true, true}},
		"no traces":             {map[string]string{endpoint: "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, settings{metrics: true}},
		"scraped only":          {map[string]string{endpoint: "http://c:4318", "OTEL_METRICS_EXPORTER": "prometheus"}, settings{traces: true}},
		"scraped and pushed":    {map[string]string{endpoint: "http://c:4318", "OTEL_METRICS_EXPORTER": "otlp, prometheus"}, settings{true, true}},
		"asked for by name":     {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, settings{traces: true}},
		"the right protocol":    {map[string]string{endpoint: "http://c:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, settings{true, true}},
	} {
		got, err := read(func(k string) string { return c.env[k] })
		assert.NoError(t, err, name)
		assert.Equal(t, got, c.want, name)
	}
}

func TestReadNamesEveryFault(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"no scheme":       {map[string]string{endpoint: "collector:4318"}, []string{endpoint, "want http://"}},
		"no host":         {map[string]string{endpoint: "http://"}, []string{endpoint}},
		"gRPC":            {map[string]string{endpoint: "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, []string{`PROTOCOL: "grpc" is not supported`, "4318"}},
		"gRPC for one":    {map[string]string{endpoint: "http://c:4317", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"}, []string{`TRACES_PROTOCOL: "grpc"`}},
		"another":         {map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, []string{`OTEL_TRACES_EXPORTER: no exporter "zipkin"`}},
		"scraped traces":  {map[string]string{"OTEL_TRACES_EXPORTER": "prometheus"}, []string{`no exporter "prometheus"`}},
		"delta":           {map[string]string{endpoint: "http://c", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"}, []string{"cumulativetodelta"}},
		"several at once": {map[string]string{endpoint: "x", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"}, []string{endpoint, "TRACES_PROTOCOL"}},
	} {
		got, err := read(func(k string) string { return c.env[k] })
		assert.Error(t, err, name)
		assert.Equal(t, got, settings{}, name)
		for _, want := range c.want {
			assert.Contains(t, err.Error(), want, name)
		}
	}
}

func TestReadKeepsAnEndpointsCredentialsToItself(t *testing.T) {
	_, err := read(func(k string) string {
		return map[string]string{endpoint: "htp://user:canary@c:4318"}[k]
	})
	assert.Error(t, err)
	assert.NotContains(t, err.Error(), "canary")
}
