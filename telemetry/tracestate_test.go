package telemetry

import (
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestTracestateIsKeptInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		in   []string
		want string
	}{
		"none":                  {nil, ""},
		"one":                   {[]string{"a=1"}, "a=1"},
		"two headers":           {[]string{"a=1", "b=2"}, "a=1,b=2"},
		"white space":           {[]string{"a=1 \t, \tb=2"}, "a=1,b=2"},
		"empty members":         {[]string{"a=1,,b=2,", "", "c=3"}, "a=1,b=2,c=3"},
		"tenant":                {[]string{"fw529a3039@dt=FfAAAAAB"}, "fw529a3039@dt=FfAAAAAB"},
		"key upper case":        {[]string{"A=1"}, ""},
		"one bad spoils all":    {[]string{"a=1,b"}, ""},
		"duplicate":             {[]string{"a=1,a=2"}, ""},
		"value with equal sign": {[]string{"a=1=2"}, ""},
		"33 members":            {[]string{members(33, 1)}, ""},
		"32 members":            {[]string{members(32, 1)}, members(32, 1)},
		"more than can be":      {[]string{strings.Repeat(" ", maxTracestateRead) + "a=1"}, ""},
	} {
		assert.Equal(t, parseTracestate(c.in).String(), c.want, name)
	}
}

// members makes n members with values of this size.
func members(n, size int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("k%d=%s", i, strings.Repeat("v", size))
	}
	return strings.Join(list, ",")
}

func TestTracestateBeyondTheLimitLosesLongMembersFirstThenTheLast(t *testing.T) {
	long := "long=" + strings.Repeat("x", 200)
	got := parseTracestate([]string{"first=1", long, members(10, 40)}).String()
	assert.Equal(t, got, "first=1,"+members(10, 40), "dropping the long one is enough")

	got = parseTracestate([]string{members(20, 40)}).String()
	assert.Equal(t, got, members(11, 40), "the last ones go: 11 × 43 + 1 + 10 commas fit 512, 12 do not")

	keeps := "first=1," + long
	assert.Equal(t, parseTracestate([]string{keeps}).String(), keeps, "a long member that fits stays")
}

func FuzzTracestate(f *testing.F) {
	f.Add("a=1,b=2", "c=3")
	f.Add("fw529a3039@dt=FfAAAAAB", "")
	f.Add(members(32, 200), "")
	f.Add(members(31, 10), "z="+strings.Repeat("x", 129))
	f.Fuzz(func(t *testing.T, one, two string) {
		got := parseTracestate([]string{one, two})
		text := got.String()
		if len(text) > maxTracestate {
			t.Fatalf("%d characters", len(text))
		}
		again, err := trace.ParseTraceState(text)
		if err != nil || again.String() != text {
			t.Fatalf("%q is not valid: %v", text, err)
		}
		all, err := trace.ParseTraceState(one + "," + two)
		if err != nil {
			if text != "" {
				t.Fatalf("%q kept of an invalid list", text)
			}
			return
		}
		got.Walk(func(key, value string) bool {
			if all.Get(key) != value {
				t.Fatalf("%s=%s was not sent", key, value)
			}
			return true
		})
	})
}
