package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
)

// URL is where something is: a dependency, a database. It may hold a password, and is redacted wherever it is
// printed: user information and the values of a query are replaced, scheme, host and path are shown. (Where the path
// itself is the credential, as in some webhooks, use a [Secret].) The zero value is no URL.
//
// An http or https URL has a host. Any other scheme has a host or a path behind "//"; sqlite and file may name a path
// right behind the colon. PostgreSQL's list of hosts (host1:5432,host2:5432) is accepted.
type URL struct{ raw, shown *string } // pointers for the reason given at Secret

// ParseURL reads a URL by the rules of [URL]. The error is a [Fault] and repeats no part of raw.
func ParseURL(raw string) (URL, error) {
	var u URL
	err := u.UnmarshalText([]byte(raw))
	return u, err
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (u *URL) UnmarshalText(text []byte) error {
	raw := strings.TrimSpace(string(text))
	scheme, rest, found := strings.Cut(raw, ":")
	scheme = strings.ToLower(scheme)
	authority, full := authorityOf(rest)
	local := scheme == "sqlite" || scheme == "file"
	if !found || !isScheme(scheme) || !full && !local {
		return Fault{Problem: "is not a full URL: it needs a scheme and //", Hint: "write it like https://host:8443 or postgres://user@host/name"}
	}
	if strings.Contains(rest, "#") || full && strings.Contains(rest[len("//"+authority):], "@") {
		// Cut at the wrong place, a password would be taken for a port or a path, and be shown.
		return Fault{Problem: "has a # or an @ where a URL cannot", Hint: "write #, @, / and ? in a password as %23, %40, %2F and %3F"}
	}
	parsed, err := parseHosts(raw, authority)
	if err != nil { // its text repeats parts of the URL
		return Fault{Problem: "is not a valid URL", Hint: "check the port, and write special characters in a password as %XX"}
	}
	web := scheme == "http" || scheme == "https"
	switch {
	case local && parsed.Opaque == "" && strings.Trim(parsed.Host+parsed.Path, "/") == "":
		return Fault{Problem: "names no file", Hint: "write it like " + scheme + ":orders.db"}
	case web && parsed.Hostname() == "", parsed.Host == "" && parsed.Path == "" && parsed.Opaque == "":
		return Fault{Problem: "names no host", Hint: "write it like " + scheme + "://host:8443"}
	}
	shown := redact(parsed)
	u.raw, u.shown = &raw, &shown
	return nil
}

// isScheme follows RFC 3986, section 3.1, so that what stands before the colon is what [url.Parse] takes for it.
func isScheme(s string) bool {
	return s != "" && s[0] >= 'a' && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// authorityOf is what stands between "//" and the path.
func authorityOf(rest string) (string, bool) {
	after, ok := strings.CutPrefix(rest, "//")
	if i := strings.IndexAny(after, "/?#"); i >= 0 {
		after = after[:i]
	}
	return after, ok
}

// parseHosts is [url.Parse] with two differences: ports are in range, and a list of hosts is looked at one by one.
func parseHosts(raw, authority string) (*url.URL, error) {
	hosts := authority[strings.LastIndex(authority, "@")+1:]
	var parsed *url.URL
	for host := range strings.SplitSeq(hosts, ",") {
		one, err := url.Parse(strings.Replace(raw, "//"+authority, "//"+strings.TrimSuffix(authority, hosts)+host, 1))
		if err != nil {
			return nil, err
		}
		if port := one.Port(); port != "" {
			if _, ok := parsePort(port); !ok {
				return nil, strconv.ErrRange
			}
		}
		parsed = one
	}
	if strings.Contains(hosts, ",") {
		if strings.HasPrefix(parsed.Scheme, "http") {
			return nil, strconv.ErrSyntax
		}
		parsed.Host = hosts
	}
	return parsed, nil
}

// redact shows a URL without what may be a credential.
func redact(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Opaque: u.Opaque, Host: u.Host, Path: u.Path, RawPath: u.RawPath, OmitHost: u.OmitHost}
	if u.User != nil {
		shown.User = url.User("redacted")
	}
	if u.RawQuery != "" {
		shown.RawQuery = "redacted"
	}
	return shown.String()
}

// Reveal returns the URL as it was given, credentials included, for what connects to it.
func (u URL) Reveal() string {
	if u.raw == nil {
		return ""
	}
	return *u.raw
}

// Parsed returns a copy that the caller may change, credentials included. Of the zero value it is empty.
func (u URL) Parsed() *url.URL {
	_, rest, _ := strings.Cut(u.Reveal(), ":")
	authority, _ := authorityOf(rest)
	parsed, _ := parseHosts(u.Reveal(), authority) // UnmarshalText has done the same without an error
	return parsed
}

// Scheme returns the scheme in lower case, or "".
func (u URL) Scheme() string { return u.Parsed().Scheme }

// IsZero reports whether there is no URL.
func (u URL) IsZero() bool { return u.raw == nil }

// String returns the redacted URL, or "".
func (u URL) String() string {
	if u.shown == nil {
		return ""
	}
	return *u.shown
}

// GoString is String.
func (u URL) GoString() string { return u.String() }

// Format writes String for every verb and flag.
func (u URL) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(u.String())) }

// LogValue implements [slog.LogValuer].
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText returns String: what is written down holds no credential.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
