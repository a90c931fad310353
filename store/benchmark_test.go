package store_test

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/store"
	"github.com/plimsoll-go/plimsoll/store/storetest"
)

// What a service does for every request that writes: one transaction with one
// insert, on a disk, by many at once.
func BenchmarkTx(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkTx(b, storetest.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { benchmarkTx(b, storetest.Postgres(b)) })
}

func benchmarkTx(b *testing.B, database storetest.Database) {
	b.Helper()
	const writers = 64
	db := storetest.Open(b, database.URL, store.Migrations(fstest.MapFS{"1_t.sql": &fstest.MapFile{
		Data: []byte("-- +goose Up\nCREATE TABLE t (id TEXT PRIMARY KEY, body TEXT NOT NULL);"),
	}}))
	insert := db.Rebind("INSERT INTO t (id, body) VALUES (?, ?)")
	body := strings.Repeat("x", 200)
	next := make(chan int)
	took := make([]time.Duration, b.N)
	var all sync.WaitGroup
	b.ReportAllocs()
	for range writers {
		all.Go(func() {
			for i := range next {
				start := time.Now()
				err := db.Tx(b.Context(), func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, insert, strconv.Itoa(i), body)
					return err
				})
				if err != nil {
					b.Error(err)
				}
				took[i] = time.Since(start)
			}
		})
	}
	b.ResetTimer()
	for i := range b.N {
		next <- i
	}
	close(next)
	all.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
	b.ReportMetric(float64(took[b.N/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds()), "p99-us")
	assert.NoError(b, db.Ready(b.Context()))
}
