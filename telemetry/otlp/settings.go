package otlp

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// settings is which signals are exported.
type settings struct{ traces, metrics bool }

// read decides from the environment, and names every fault in it. The exporters
// read the details themselves, but go on with a default when one is malformed.
func read(getenv func(string) string) (settings, error) {
	env := environment(func(name string) string { return strings.TrimSpace(getenv(name)) })
	if strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") {
		return settings{}, nil
	}
	traces, err1 := env.signal("TRACES")
	metrics, err2 := env.signal("METRICS")
	if err := errors.Join(err1, err2); err != nil {
		return settings{}, err
	}
	return settings{traces: traces, metrics: metrics}, nil
}

type environment func(name string) string

// signal tells whether TRACES or METRICS are exported: when there is an endpoint
// for them, unless OTEL_*_EXPORTER says otherwise; or when that asks for otlp,
// then to the default endpoint, http://localhost:4318.
func (env environment) signal(signal string) (bool, error) {
	endpointName, endpoint := env.specific(signal, "ENDPOINT")
	asked, err := env.exporter(signal)
	if err != nil {
		return false, err
	}
	if asked == "none" || asked == "" && endpoint == "" {
		return false, nil
	}
	var faults []error
	if endpoint != "" {
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			// The value is not shown: it may hold a credential.
			faults = append(faults, fmt.Errorf("%s: not a URL of a collector (want http://host:4318)", endpointName))
		}
	}
	if name, protocol := env.specific(signal, "PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		faults = append(faults, fmt.Errorf("%s: %q is not supported (want http/protobuf, and the collector's port for it, usually 4318)", name, protocol))
	}
	if preference := env("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"); signal == "METRICS" && preference != "" && !strings.EqualFold(preference, "cumulative") {
		faults = append(faults, fmt.Errorf("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: %q is not supported "+
			"(want cumulative; the collector's cumulativetodelta processor converts)", preference))
	}
	return len(faults) == 0, errors.Join(faults...)
}

// specific is the variable of one signal, or else that of all.
func (env environment) specific(signal, suffix string) (name, value string) {
	name = "OTEL_EXPORTER_OTLP_" + signal + "_" + suffix
	if value = env(name); value != "" {
		return name, value
	}
	name = "OTEL_EXPORTER_OTLP_" + suffix
	return name, env(name)
}

// exporter is what OTEL_*_EXPORTER asks for: "otlp", "none", or "" when unset.
// Prometheus is always there to be scraped, so asking for it only says that
// nothing else is wanted.
func (env environment) exporter(signal string) (string, error) {
	name := "OTEL_" + signal + "_EXPORTER"
	list := env(name)
	if list == "" {
		return "", nil
	}
	asked := "none"
	for kind := range strings.SplitSeq(list, ",") {
		switch kind = strings.TrimSpace(kind); {
		case kind == "otlp":
			asked = "otlp"
		case kind == "none", kind == "prometheus" && signal == "METRICS":
		default:
			return "", fmt.Errorf("%s: no exporter %q (want otlp or none)", name, kind)
		}
	}
	return asked, nil
}
