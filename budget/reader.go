package budget

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Reader reads what callers allow, from the headers that everybody knows and from those that it was told of, and
// counts what is malformed. The zero value knows of no others. It may be used by many goroutines.
type Reader struct {
	extras    []extra
	malformed [len(known) + maxExtras]atomic.Int64
}

// known are the headers that every Reader reads.
var known = [...]struct {
	name  string
	parse func(string) (time.Duration, bool)
}{
	{Header, parseBudget},
	{headerGRPC, parseGRPC},
	{headerConnect, parseConnect},
	{headerEnvoy, parseEnvoy},
}

// maxExtras bounds how many further headers a Reader reads on every request.
const maxExtras = 8

// extra is a header of somebody else's: digits, in a unit.
type extra struct {
	name string // as net/http spells it
	unit time.Duration
}

var units = map[string]time.Duration{"us": time.Microsecond, "ms": time.Millisecond, "s": time.Second}

// NewReader makes a Reader that also reads the headers of a list such as "X-Client-Timeout-Ms=ms, X-Deadline=s": a
// name, and the unit of the whole number that it carries (us, ms or s). The error names every fault of the list.
func NewReader(list string) (*Reader, error) {
	r := &Reader{}
	if strings.TrimSpace(list) == "" {
		return r, nil
	}
	var faults []error
	seen := map[string]bool{}
	for _, k := range known {
		seen[k.name] = true
	}
	for item := range strings.SplitSeq(list, ",") {
		name, unit, _ := strings.Cut(strings.TrimSpace(item), "=")
		e := extra{http.CanonicalHeaderKey(name), units[unit]}
		switch {
		case name == "" || span(name, isHeaderName) < len(name):
			faults = append(faults, fmt.Errorf("%q is no header's name", name))
		case e.unit == 0:
			faults = append(faults, fmt.Errorf("%s has the unit %q, which is not us, ms or s", e.name, unit))
		case seen[e.name]:
			faults = append(faults, fmt.Errorf("%s is read already", e.name))
		}
		seen[e.name] = true
		r.extras = append(r.extras, e)
	}
	if len(r.extras) > maxExtras {
		faults = append(faults, fmt.Errorf("%d headers are more than %d", len(r.extras), maxExtras))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return r, nil
}

// isHeaderName is tchar of RFC 9110, section 5.6.2.
func isHeaderName(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// Inbound returns the least time that the request's headers allow, each of their lines. Zero means that the time is
// over. A value that is malformed counts as absent, and is counted; ok is false when nothing well-formed is there.
func (r *Reader) Inbound(h http.Header) (d time.Duration, ok bool) {
	d = forever
	for i := range known {
		if values := h[known[i].name]; len(values) > 0 {
			d, ok = r.least(i, d, ok, values, known[i].parse)
		}
	}
	for i, e := range r.extras {
		if values := h[e.name]; len(values) > 0 {
			d, ok = r.least(len(known)+i, d, ok, values, e.parse)
		}
	}
	if !ok {
		return 0, false
	}
	return d, true
}

// parse takes as many digits as an RFC 9651 integer has.
func (e extra) parse(v string) (time.Duration, bool) { return parseDigits(v, 15, e.unit) }

// least is the least of d and the values of one header, of which it looks at a few. What is beyond may only have
// shortened the time, so leaving it out gives nobody more than the service does by itself.
func (r *Reader) least(header int, d time.Duration, ok bool, values []string, parse func(string) (time.Duration, bool)) (time.Duration, bool) {
	bad := max(0, len(values)-maxValues)
	for _, v := range values[:len(values)-bad] {
		parsed, good := time.Duration(0), false
		if len(v) <= maxValue {
			parsed, good = parse(v)
		}
		if !good {
			bad++
			continue
		}
		d, ok = min(d, parsed), true
	}
	if bad > 0 {
		r.malformed[header].Add(int64(bad))
	}
	return d, ok
}

// Malformed calls yield with every header that the Reader reads and how many of its values were not understood.
func (r *Reader) Malformed(yield func(header string, values int64) bool) {
	for i := range known {
		if !yield(known[i].name, r.malformed[i].Load()) {
			return
		}
	}
	for i, e := range r.extras {
		if !yield(e.name, r.malformed[len(known)+i].Load()) {
			return
		}
	}
}

// Headers are the names of all headers that the Reader reads.
func (r *Reader) Headers() (names []string) {
	for name := range r.Malformed {
		names = append(names, name)
	}
	return names
}
