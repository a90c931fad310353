package telemetry

import (
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestScrubKeepsCredentialsOutOfErrors(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                 "plain",
		`Get "http://pay/charges?key=s3": EOF`:  `Get "http://pay/charges?…": EOF`,
		"dial postgres://app:s3@db:5432/orders": "dial postgres://…@db:5432/orders",
		"x https://a@h/p#frag y http://h/q":     "x https://…@h/p?… y http://h/q",
		"postgres://app:s3/cr@et@db/orders":     "postgres://…@db/orders",
		"postgres://app:s3?cr@db/orders":        "postgres://…",
		"http://h/search?mail=a@b.c&t=s3":       "http://h/search?…",
		"http://h?mail=a@b.c":                   "http://…",
		"http://h/@user":                        "http://…@user",
		"://":                                   "://",
		"a://b://c?d":                           "a://b://c?…",
		"ends with http://u:s3@":                "ends with http://…@",
	} {
		assert.Equal(t, scrub(in), want, in)
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("Get http://", "user:s3cret", "host/path", "a=b")
	f.Add("", "x", "h", "")
	f.Fuzz(func(t *testing.T, before, user, host, query string) {
		const bad = " \t\r\n\"'<>`@/?#:"
		if strings.ContainsAny(user+host+query, bad) || user == "" {
			return
		}
		secret := user + ":canary-7c1f"
		got := scrub(before + "://" + secret + "@" + host + "/p?canary-7c1f=" + query)
		if strings.Contains(strings.TrimPrefix(got, before), "canary-7c1f") {
			t.Fatalf("%q", got)
		}
	})
}
