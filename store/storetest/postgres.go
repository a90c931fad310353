package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// server is the one PostgreSQL server of this process: starting one takes a
// second, a database in it a tenth of that.
var server = sync.OnceValues(startServer)

// Postgres makes a database in a private PostgreSQL server, which is started
// from the system's binaries by the first test that wants one and ends with the
// test process, however that ends.
//
// Without the binaries it says how to get them and skips the test; in CI, where
// the variable CI is "true", the test fails, since nobody reads about skips
// there.
func Postgres(tb testing.TB) Database {
	tb.Helper()
	s, err := server()
	if skips(err, os.Getenv("CI")) {
		tb.Skip(err)
	}
	assert.NoError(tb, err)
	name := "t" + strings.ToLower(rand.Text())
	admin := func(statement string) {
		tb.Helper()
		// The test's context has ended when it is cleaned up.
		_, err := s.admin.ExecContext(context.Background(), statement)
		assert.NoError(tb, err, "the private PostgreSQL: %s", statement)
	}
	s.create.Lock() // PostgreSQL copies its template for one at a time
	admin("CREATE DATABASE " + name)
	s.create.Unlock()
	tb.Cleanup(func() { admin("DROP DATABASE " + name + " WITH (FORCE)") })
	return Database{
		URL: mustURL(tb, s.url(name)),
		Down: func() {
			admin("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false")
			admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'")
		},
		Up: func() { admin("ALTER DATABASE " + name + " ALLOW_CONNECTIONS true") },
	}
}

// postgresServer is a running server.
type postgresServer struct {
	dir   string
	admin *sql.DB

	create sync.Mutex // held while a database is created
}

// url is that of a database in the server. Its socket is in a folder that only
// the server's user may enter.
func (s *postgresServer) url(database string) string {
	return fmt.Sprintf("postgres:///%s?host=%s&user=%s", database, s.dir, superuser)
}
