package store

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestFolderOfMigrations(t *testing.T) {
	tree := func(names ...string) fs.FS {
		tree := fstest.MapFS{"README.md": {}}
		for _, name := range names {
			tree[name] = &fstest.MapFile{}
		}
		return tree
	}
	for name, c := range map[string]struct {
		tree fs.FS
		want string // a file that is found, or what the error says
		ok   bool
	}{
		"at the top":            {tree("1_a.sql"), "1_a.sql", true},
		"in migrations":         {tree("migrations/1_a.sql", "other/2_b.sql"), "1_a.sql", true},
		"per dialect":           {tree("sqlite/1_own.sql", "postgres/1_other.sql"), "1_own.sql", true},
		"migrations by dialect": {tree("migrations/sqlite/1_own.sql", "migrations/postgres/1_other.sql"), "1_own.sql", true},
		"both":                  {tree("migrations/sqlite/1_own.sql", "migrations/2_all.sql"), "both in folder sqlite and beside it", false},
		"another's beside all":  {tree("postgres/1_other.sql", "2_all.sql"), "no .sql files for sqlite", false},
		"only another's":        {tree("migrations/postgres/1_other.sql"), "no .sql files for sqlite", false},
		"none":                  {tree(), "no .sql files for sqlite", false},
	} {
		found, err := folder(c.tree, SQLite)
		if !c.ok {
			assert.Error(t, err, name)
			assert.Contains(t, err.Error(), c.want, name)
			continue
		}
		assert.NoError(t, err, name)
		files, err := fs.Glob(found, "*.sql")
		assert.NoError(t, err, name)
		assert.Equal(t, files, []string{c.want}, name)
	}
}
