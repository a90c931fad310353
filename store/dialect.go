package store

import "strconv"

// Dialect is the kind of SQL that a database speaks.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota
	Postgres
	dialects
)

var dialectNames = [...]string{"sqlite", "postgres"}

// String is the dialect's name, which is also that of its folder of
// migrations.
func (d Dialect) String() string {
	if d < dialects {
		return dialectNames[d]
	}
	return "unknown"
}

// Rebind writes the placeholders of a query as the dialect has them: it is
// written with "?", and gets $1, $2 and so on for PostgreSQL. Question marks in
// texts, quoted names and comments stay. PostgreSQL's operators with a question
// mark cannot be written; use their functions (jsonb_exists).
func (d Dialect) Rebind(query string) string {
	if d != Postgres {
		return query
	}
	out := make([]byte, 0, len(query)+16)
	for i, n := 0, 0; i < len(query); {
		if query[i] == '?' {
			n++
			out = strconv.AppendInt(append(out, '$'), int64(n), 10)
			i++
			continue
		}
		end := i + skip(query[i:])
		out = append(out, query[i:end]...)
		i = end
	}
	return string(out)
}

// skip is the length of what stands at the start of query and is copied as it
// is: a text, a quoted name, a comment, or one byte.
func skip(query string) int {
	switch query[0] {
	case '\'', '"':
		return until(query, 1, query[:1]) // a doubled quote reads as two texts, with the same effect
	case '-':
		if len(query) > 1 && query[1] == '-' {
			return until(query, 2, "\n")
		}
	case '/':
		if len(query) > 1 && query[1] == '*' {
			return until(query, 2, "*/")
		}
	}
	return 1
}

// until is the index behind the first mark in s from start, or len(s).
func until(s string, start int, mark string) int {
	for i := start; i+len(mark) <= len(s); i++ {
		if s[i:i+len(mark)] == mark {
			return i + len(mark)
		}
	}
	return len(s)
}
