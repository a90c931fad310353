package telemetry

import "strings"

// scrub removes what a URL may hide a credential in from a text that was made
// for people, such as the error of net/http's client: the user info and the
// query of every URL in it.
func scrub(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for {
		before, rest, found := strings.Cut(text, "://")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("://")
		end := strings.IndexAny(rest, " \t\r\n\"'<>`")
		if end < 0 {
			end = len(rest)
		}
		b.WriteString(scrubURL(rest[:end]))
		text = rest[end:]
	}
}

// scrubURL takes what follows "://". Where a credential may hide in more than
// one way, more is removed rather than less: a password may hold "/" or "?"
// although it must not.
func scrubURL(rest string) string {
	address, query := rest, ""
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		address, query = rest[:i], rest[i:]
	}
	if strings.Contains(query, "@") && !strings.Contains(address, "/") {
		return "…"
	}
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		address = "…" + address[i:]
	}
	if query != "" {
		address += "?…"
	}
	return address
}
