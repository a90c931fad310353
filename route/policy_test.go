package route

import (
	"testing"
	"time"
)

func TestNewAppliesOptionsInOrder(t *testing.T) {
	p := New(Name("a"), Budget(time.Second), Class(Sheddable), Stream(time.Hour), Body(7), Gzip(), Budget(2*time.Second))
	if p.Name != "a" || p.Budget != 2*time.Second || p.Class != Sheddable || p.Stream != time.Hour || p.MaxBody != 7 || !p.Gzip {
		t.Fatalf("got %+v", p)
	}
}

func TestCriticalityRoundTrips(t *testing.T) {
	for c := Sheddable; c <= CriticalPlus; c++ {
		got, ok := ParseCriticality(c.String())
		if !ok || got != c {
			t.Errorf("ParseCriticality(%q) = %v, %v", c.String(), got, ok)
		}
		if text, err := c.MarshalText(); err != nil || string(text) != c.String() {
			t.Errorf("MarshalText = %q, %v", text, err)
		}
	}
	for _, s := range []string{"", "unset", "Critical", "critical ", "5"} {
		if c, ok := ParseCriticality(s); ok {
			t.Errorf("ParseCriticality(%q) = %v, want refused", s, c)
		}
	}
	if got := Criticality(99).String(); got != "unknown" {
		t.Errorf("String of an unknown class = %q", got)
	}
}
