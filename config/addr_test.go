package config_test

import (
	"testing"

	"github.com/plimsoll-go/plimsoll/config"
)

func TestAddressesOverlapOnTheSamePort(t *testing.T) {
	for _, c := range []struct {
		a, b config.Addr
		want bool
	}{
		{":8080", ":8081", false},
		{":8081", ":8081", true},
		{"127.0.0.1:8081", ":8081", true},
		{"0.0.0.0:8081", "127.0.0.1:8081", true},
		{"[::]:8081", "127.0.0.1:8081", true},
		{"127.0.0.1:8081", "127.0.0.2:8081", false},
		{"Localhost:8081", "localhost:08081", true},
		{":0", ":0", false},
		{"127.0.0.1:0", "127.0.0.1:0", false},
		{"", ":8081", false},
	} {
		if got := c.a.Overlaps(c.b); got != c.want {
			t.Errorf("%q and %q overlap: %v, want %v", c.a, c.b, got, c.want)
		}
		if got := c.b.Overlaps(c.a); got != c.want {
			t.Errorf("%q and %q overlap: %v, want %v", c.b, c.a, got, c.want)
		}
	}
}
