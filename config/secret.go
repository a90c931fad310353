package config

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"strings"
)

// redacted stands for a value that is set and not shown.
const redacted = "[redacted]"

// Secret is a credential. Whatever prints it (fmt with any verb, slog, encoding/json, an error) shows only that it is
// set; [Secret.Reveal] is the one way to the value, so that its uses can be found. The zero value is not set.
//
// The value is a pointer to a string because fmt calls no methods on a field that is unexported in the struct it
// prints: it would print a string, and with some verbs a pointer to a struct, but of this only an address.
type Secret struct{ value *string }

// NewSecret is for credentials that come from elsewhere than the environment, and for tests.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// UnmarshalText implements [encoding.TextUnmarshaler]. One line break at the end of a single line, as a file or echo
// leaves it there, is dropped: no credential ends in one, and no header can carry it.
func (s *Secret) UnmarshalText(text []byte) error {
	value := string(text)
	if line := strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r"); !strings.Contains(line, "\n") {
		value = line
	}
	*s = NewSecret(value)
	return nil
}

// Reveal returns the credential, or "".
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether no credential is set.
func (s Secret) IsZero() bool { return s.value == nil }

// Equal reports whether candidate is the credential, in a time that tells nothing about either. A Secret that is not
// set equals nothing, not even "".
func (s Secret) Equal(candidate string) bool {
	want, got := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(candidate))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && !s.IsZero()
}

// String returns "[redacted]", or "" when nothing is set.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// Format writes String for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns String: what is written down is not the credential.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns String as JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }
