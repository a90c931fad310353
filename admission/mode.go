package admission

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Mode is how the limit is found, as one word of configuration: "fixed",
// "fixed:40", "adaptive" or "off". The zero value is Fixed.
type Mode string

// The modes. Fixed alone takes 64 permits a processor (GOMAXPROCS); "fixed:40"
// takes 40. Adaptive finds the limit by experiment. Off counts what runs, and
// refuses nothing but work whose context has ended.
const (
	Fixed    Mode = "fixed"
	Adaptive Mode = "adaptive"
	Off      Mode = "off"
)

// maxLimit keeps permits and waiters apart in one word of 64 bits.
const maxLimit = math.MaxInt32

// ParseMode reads a mode as it is written in configuration. The error says what
// is accepted.
func ParseMode(word string) (Mode, error) {
	if _, err := Mode(word).limit(); err != nil || word == "" {
		return "", fmt.Errorf("admission mode %q: want fixed, fixed:N with N from 1 to %d, adaptive, or off", word, maxLimit)
	}
	return Mode(word), nil
}

// String is the mode as it is written in configuration.
func (m Mode) String() string {
	if m == "" {
		return string(Fixed)
	}
	return string(m)
}

// limit is the number that the mode names, 0 when it names none.
func (m Mode) limit() (int, error) {
	if m == "" || m == Fixed || m == Adaptive || m == Off {
		return 0, nil
	}
	number, ok := strings.CutPrefix(string(m), string(Fixed)+":")
	n, err := strconv.ParseUint(number, 10, 31)
	if !ok || err != nil || n == 0 || number[0] == '0' {
		return 0, fmt.Errorf("mode %q is not known", string(m))
	}
	return int(n), nil
}
