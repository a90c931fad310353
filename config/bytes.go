package config

import (
	"math"
	"strconv"
	"strings"
)

// Bytes is a size: a whole number with a unit, decimal (KB, MB, GB, TB) or binary (KiB, MiB, GiB, TiB, also written
// Ki, Mi, Gi, Ti), or without one for single bytes. Case does not matter; K, M and G alone are refused, because they
// mean one thing to some and another to others.
type Bytes int64

var units = []struct {
	name string
	size int64
}{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9},
	{"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}, {"B", 1},
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (b *Bytes) UnmarshalText(text []byte) error {
	raw := strings.TrimSpace(string(text))
	end := strings.IndexFunc(raw, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(raw)
	}
	factor, ok := unitSize(strings.TrimSpace(raw[end:]))
	n, err := strconv.ParseInt(raw[:end], 10, 64)
	switch {
	case end == 0 || !ok:
		return Fault{Problem: quoted(raw) + " is not a size", Hint: "use a whole number with a unit, such as 512KB or 1MiB"}
	case err != nil || n > math.MaxInt64/factor:
		return Fault{Problem: quoted(raw) + " is out of range", Hint: "use a smaller size"}
	}
	*b = Bytes(n * factor)
	return nil
}

func unitSize(name string) (int64, bool) {
	if name == "" {
		return 1, true
	}
	for _, u := range units {
		if strings.EqualFold(name, u.name) || strings.HasSuffix(u.name, "iB") && strings.EqualFold(name, u.name[:2]) {
			return u.size, true
		}
	}
	return 0, false
}

// String returns the size in the largest unit that divides it, in the form that UnmarshalText reads.
func (b Bytes) String() string {
	for _, u := range units {
		if b != 0 && int64(b)%u.size == 0 {
			return strconv.FormatInt(int64(b)/u.size, 10) + u.name
		}
	}
	return "0B"
}

// MarshalText returns String.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }
