package spec

import (
	"strconv"
	"strings"
	"time"
)

// Budget is a header of the service's own that says how long a caller waits. The zero value means that there is none
// besides those that the prover knows: Plimsoll-Budget, grpc-timeout, Connect-Timeout-Ms, X-Envoy-Expected-Rq-Timeout-Ms.
type Budget struct {
	Header string `yaml:"header" json:"header,omitempty"`
	Unit   string `yaml:"unit" json:"unit,omitempty"` // "ms" or "s"; "": ms
}

// Write is a budget as the header says it.
func (b Budget) Write(d time.Duration) string {
	if b.Unit == "s" {
		return strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

// Read is the reverse of Write; ok is false for what is no number of at least 0 and at most a day.
func (b Budget) Read(text string) (d time.Duration, ok bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	unit := time.Millisecond
	if b.Unit == "s" {
		unit = time.Second
	}
	if err != nil || !(n >= 0 && n*float64(unit) <= float64(24*time.Hour)) {
		return 0, false
	}
	return time.Duration(n * float64(unit)), true
}
