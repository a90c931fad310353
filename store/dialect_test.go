package store

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestDialectsAreNamed(t *testing.T) {
	assert.Len(t, dialectNames, int(dialects))
	assert.Equal(t, SQLite.String()+Postgres.String()+Dialect(9).String(), "sqlitepostgresunknown")
}

func TestRebind(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1":                            "SELECT 1",
		"UPDATE t SET a = ?, b = ? WHERE c=?": "UPDATE t SET a = $1, b = $2 WHERE c=$3",
		"SELECT '?', \"?\", ?":                `SELECT '?', "?", $1`,
		"SELECT 'it''s ?', ?":                 "SELECT 'it''s ?', $1",
		"SELECT ? -- why?\n, ?":               "SELECT $1 -- why?\n, $2",
		"SELECT /* ? */ ? /* ?":               "SELECT /* ? */ $1 /* ?",
		"SELECT 5-?, 8/?, '":                  "SELECT 5-$1, 8/$2, '",
		"VALUES (?,?,?,?,?,?,?,?,?,?,?)":      "VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
		"":                                    "",
	} {
		assert.Equal(t, Postgres.Rebind(query), want)
		assert.Equal(t, SQLite.Rebind(query), query)
	}
}

// Read back, what Rebind wrote is what it was given: it changes placeholders
// and nothing else, and numbers them in order.
func FuzzRebind(f *testing.F) {
	for _, query := range []string{"a ? b", "'?' ?", "--?\n?", "/*?*/?", "\"?''?\"", "''??''"} {
		f.Add(query)
	}
	placeholder := regexp.MustCompile(`\$\d+`)
	f.Fuzz(func(t *testing.T, query string) {
		if strings.Contains(query, "$") {
			return // would be taken for a placeholder below
		}
		bound := Postgres.Rebind(query)
		n := 0
		back := placeholder.ReplaceAllStringFunc(bound, func(found string) string {
			n++
			// A digit that followed the question mark now follows the number.
			assert.True(t, strings.HasPrefix(found, "$"+strconv.Itoa(n)), "placeholder %d is %s", n, found)
			return "?" + strings.TrimPrefix(found, "$"+strconv.Itoa(n))
		})
		assert.Equal(t, back, query)
		assert.AtMost(t, n, strings.Count(query, "?"))
	})
}
