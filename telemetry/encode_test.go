package telemetry

import (
	"encoding/json"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestLineIsLaidOutLikeSlogs(t *testing.T) {
	var l line
	at := time.Date(2026, 11, 22, 18, 13, 5, 120_000_000, time.FixedZone("CET", 3600))
	l.begin(at, slog.LevelError, `say "hi"`)
	l.string("s", "a\tb\\\x00\x7f é \u2028 \xff")
	l.int("i", math.MinInt64)
	l.uint("u", math.MaxUint64)
	l.milliseconds("zero", 0)
	l.milliseconds("whole", 3*time.Second)
	l.milliseconds("cut", 1_234_567*time.Nanosecond)
	l.milliseconds("small", 7*time.Microsecond)
	l.milliseconds("negative", -time.Second)
	assert.Equal(t, string(l.end()), `{"time":"2026-11-22T17:13:05.12Z","level":"ERROR","msg":"say \"hi\"",`+
		`"s":"a\tb\\\u0000\u007f é \u2028 \ufffd","i":-9223372036854775808,"u":18446744073709551615,`+
		`"zero":0,"whole":3000,"cut":1.234,"small":0.007,"negative":0}`+"\n")
}

// FuzzAppendString holds the encoder against encoding/json: the same text must
// come out of both.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", `"\/`, "\x00\x1f\x7f\n\r\t\b\f", "\u2028\u2029", "\xff\xc0\xafok", "é世\U0001F600", "\xed\xa0\x80", "<&>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ours := appendString([]byte("x"), s)[1:]
		var got, want string
		if err := json.Unmarshal(ours, &got); err != nil {
			t.Fatalf("%q became %s: %v", s, ours, err)
		}
		theirs, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(theirs, &want); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("%q became %s, encoding/json makes %s", s, ours, theirs)
		}
		for _, c := range ours {
			if c < ' ' || c == 0x7f {
				t.Fatalf("%q became %q with a control character", s, ours)
			}
		}
	})
}
