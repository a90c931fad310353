package sqlite

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// location is where a database is and how it is to be opened, read from a URL.
type location struct {
	path        string // absolute; "" in memory
	synchronous string
	mode        string
}

// parseURL reads sqlite:orders.db, sqlite:/var/lib/orders.db, sqlite:///var/lib/orders.db and sqlite::memory:.
//
// After a question mark it takes synchronous (normal, full) and mode (rwc, rw: do not create the file).
func parseURL(raw string) (location, error) {
	rest, ok := strings.CutPrefix(raw, "sqlite:")
	if !ok {
		return location{}, fmt.Errorf("not an sqlite URL: write it like sqlite:orders.db")
	}
	path, rawQuery, _ := strings.Cut(rest, "?")
	if after, ok := strings.CutPrefix(path, "//"); ok {
		if !strings.HasPrefix(after, "/") {
			return location{}, fmt.Errorf("%q names a host, and SQLite has none: write sqlite:%s or sqlite:///%s", "sqlite://"+after, after, after)
		}
		path = after
	}
	path, err := url.PathUnescape(path)
	if err != nil {
		return location{}, fmt.Errorf("the path of the URL is not valid: %w", err)
	}
	loc := location{synchronous: "normal", mode: "rwc"}
	if err := loc.options(rawQuery); err != nil {
		return location{}, err
	}
	switch {
	case path == "" || strings.ContainsRune(path, 0):
		return location{}, fmt.Errorf("the URL names no file: write it like sqlite:orders.db")
	case path == ":memory:":
		return loc, nil
	}
	if loc.path, err = filepath.Abs(path); err != nil {
		return location{}, fmt.Errorf("find the folder of %q: %w", path, err)
	}
	return loc, nil
}

func (l *location) options(rawQuery string) error {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return fmt.Errorf("the options after ? are not valid: %w", err)
	}
	for name, values := range query {
		var allowed []string
		target := &l.mode
		switch name {
		case "synchronous":
			allowed, target = []string{"normal", "full"}, &l.synchronous
		case "mode":
			allowed = []string{"rwc", "rw"}
		default:
			return fmt.Errorf("unknown option %q: there are synchronous and mode", name)
		}
		value := strings.ToLower(values[len(values)-1])
		if !slices.Contains(allowed, value) {
			return fmt.Errorf("option %s is %q: it can be %s", name, value, strings.Join(allowed, " or "))
		}
		*target = value
	}
	return nil
}

// dsn is what the driver opens. name is that of a database in memory.
func (l location) dsn(name string, writer bool) string {
	query := url.Values{
		"_busy_timeout": {"5000"}, // ms; the driver gives up earlier when the context ends
		"_foreign_keys": {"1"},
		"_dqs":          {"0"}, // a misspelt "column" is an error, not a text
		"_error_rc":     {"1"}, // errors say what failed, not what failed last
		"_time_format":  {"sqlite"},
		"_timezone":     {"UTC"},
	}
	if writer {
		// Take the write lock at the start: a transaction that reads first and
		// writes later cannot be told "busy" half-way, where waiting is useless.
		query.Set("_txlock", "immediate")
		query.Set("_journal_mode", "wal")
		query.Set("_synchronous", l.synchronous)
		// A log that a slow reader made grow is cut back when it is done.
		query.Set("_pragma", fmt.Sprintf("journal_size_limit(%d)", 64<<20))
	} else {
		query.Set("_query_only", "1")
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(l.path)}
	if l.path == "" {
		query.Set("vfs", "memdb") // a leading slash: shared by this process's connections
		file.Path = "/" + name
	} else {
		query.Set("mode", l.mode)
	}
	if !strings.HasPrefix(file.Path, "/") {
		file.Path = "/" + file.Path // C:\orders.db
	}
	file.RawQuery = query.Encode()
	return file.String()
}
