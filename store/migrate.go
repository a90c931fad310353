package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"

	"github.com/plimsoll-go/plimsoll/life"
	"github.com/pressly/goose/v3"
)

// migrate brings the schema up to date with the files in fsys.
func migrate(ctx context.Context, db *DB, fsys fs.FS, log *slog.Logger) error {
	files, err := folder(fsys, db.dialect)
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, db.SQL(), files,
		goose.WithSessionLocker(db.engine),
		goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	done, err := provider.Up(ctx)
	if err != nil {
		return failed(err)
	}
	for _, m := range done {
		log.InfoContext(ctx, "migrated", "component", db.name, "file", m.Source.Path, "duration_ms", m.Duration.Milliseconds())
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: read the version: %w", err)
	}
	if current > newest {
		log.WarnContext(ctx, "the database is ahead of this binary", "component", db.name, "database", current, "binary", newest)
	}
	return nil
}

// failed names the file that failed.
func failed(err error) error {
	var partial *goose.PartialError
	if !errors.As(err, &partial) {
		return fmt.Errorf("migrate: %w", err)
	}
	return fmt.Errorf("migrate: %s: %w: %d before it were applied and this one was rolled back (unless it says NO TRANSACTION); correct it and start again",
		partial.Failed.Source.Path, partial.Err, len(partial.Applied))
}

// folder finds the migrations of a dialect: at the top of fsys or in its folder
// "migrations", and there in the dialect's folder or beside it.
func folder(fsys fs.FS, d Dialect) (fs.FS, error) {
	root := fsys
	if holds(fsys, "migrations") || anyDialect(fsys, "migrations/") {
		sub, err := fs.Sub(fsys, "migrations")
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		root = sub
	}
	shared, own := holds(root, "."), holds(root, d.String())
	switch {
	case own && shared:
		return nil, fmt.Errorf("read migrations: there are .sql files both in folder %s and beside it; keep all of a dialect's in its folder", d)
	case own:
		return fs.Sub(root, d.String())
	case shared && !anyDialect(root, ""):
		return root, nil
	}
	return nil, fmt.Errorf("read migrations: there are no .sql files for %s; put them at the top, or in a folder migrations or migrations/%s", d, d)
}

func anyDialect(fsys fs.FS, prefix string) bool {
	for d := range dialects {
		if holds(fsys, prefix+d.String()) {
			return true
		}
	}
	return false
}

// holds reports whether there are migrations in dir.
func holds(fsys fs.FS, dir string) bool {
	found, err := fs.Glob(fsys, path.Join(dir, "*.sql"))
	return err == nil && len(found) > 0
}

// logger is the host's, if it has one.
func logger(host life.Host) *slog.Logger {
	if h, ok := host.(interface{ Logger() *slog.Logger }); ok {
		return h.Logger()
	}
	return slog.New(slog.DiscardHandler)
}
