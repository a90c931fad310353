package load

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// someRows are rows as a run makes them.
func someRows(seed uint64, n int) []Row {
	rng := rand.New(rand.NewPCG(seed, 0))
	rows := make([]Row, n)
	var at time.Duration
	for i := range rows {
		at += time.Duration(rng.ExpFloat64() * 2e5)
		r := Row{Intended: at, Outcome: Outcome(rng.IntN(int(outcomes))), RetryAfter: -1, Flags: Flags(rng.IntN(32)), Route: uint16(rng.IntN(3))}
		step := func(from time.Duration) time.Duration { return from + time.Duration(rng.ExpFloat64()*1e6) + 1 }
		if rng.IntN(20) > 0 {
			r.Picked = step(at)
			r.Last = step(r.Picked)
		}
		if rng.IntN(10) > 0 && r.Picked > 0 {
			r.Written = step(r.Picked)
			r.First = step(r.Written)
			r.Last = step(r.First)
			r.Status, r.RetryAfter = uint16(200+rng.IntN(400)), int16(rng.IntN(100)-2)
		}
		rows[i] = r
	}
	return rows
}

func TestRowsSurviveStorage(t *testing.T) {
	for n := range 200 {
		rows := someRows(uint64(n), n)
		back, err := ParseRows(AppendRows([]byte{}, rows))
		assert.NoError(t, err, "seed %d", n)
		assert.True(t, slices.Equal(back, rows), "seed %d", n)
	}
	extreme := []Row{{}, {Intended: farthest / 2, Picked: 1, Written: -farthest / 4, Last: farthest / 2, Status: 65535,
		RetryAfter: -32768, Route: 65535, Outcome: Local, Flags: 255}}
	back, err := ParseRows(AppendRows(nil, extreme))
	assert.NoError(t, err)
	assert.Equal(t, back, extreme)
}

func TestRowsAreCompact(t *testing.T) {
	const n = 10_000
	assert.AtMost(t, len(AppendRows(nil, someRows(1, n))), 24*n)
	assert.Equal(t, unsafe.Sizeof(Row{}), 48, "a million requests are 48 MB")
}

func TestRowsThatCannotBeRead(t *testing.T) {
	good := AppendRows(nil, someRows(1, 50))
	for n := range good {
		_, err := ParseRows(good[:n])
		assert.ErrorIs(t, err, ErrRows, "cut after %d bytes", n)
	}
	_, err := ParseRows(append(slices.Clone(good), 0))
	assert.ErrorIs(t, err, ErrRows)
	other := slices.Clone(good)
	other[len(rowsMagic)] = 2
	_, err = ParseRows(other)
	assert.Contains(t, err.Error(), "version 2, this build reads 1")
	_, err = ParseRows([]byte(rowsMagic + "\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))
	assert.ErrorIs(t, err, ErrRows, "as many rows as would fill the memory")
	var rows Rows
	for _, text := range []string{`1`, `"*"`, `"cGxt"`} {
		assert.ErrorIs(t, json.Unmarshal([]byte(text), &rows), ErrRows, text)
	}
}

func TestResultSurvivesJSON(t *testing.T) {
	res := Result{Began: time.Unix(1763836800, 5).UTC(), Length: time.Second, Took: 2 * time.Second, Deadline: time.Second, Seed: 1<<64 - 1,
		Routes: []string{"a", "b", "c"}, Rows: someRows(3, 100), Incidents: []Incident{{Row: 4, Outcome: Reset, Request: "GET"}}}
	stored, err := json.Marshal(res)
	assert.NoError(t, err)
	var back Result
	assert.NoError(t, json.Unmarshal(stored, &back))
	assert.Equal(t, back, res)
}

// FuzzParseRows: nothing makes the decoder panic or take much memory, and what it accepts means the same when it is
// stored again.
func FuzzParseRows(f *testing.F) {
	f.Add(AppendRows(nil, nil))
	f.Add(AppendRows(nil, someRows(1, 3)))
	f.Add([]byte("plmrows\x01\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := ParseRows(b)
		if err != nil {
			assert.ErrorIs(t, err, ErrRows)
			return
		}
		assert.AtMost(t, len(rows)*minRowSize, len(b))
		back, err := ParseRows(AppendRows(nil, rows))
		assert.NoError(t, err)
		assert.True(t, slices.Equal(back, rows))
	})
}

func BenchmarkAppendRows(b *testing.B) {
	rows := someRows(1, 10_000)
	dst := AppendRows(nil, rows)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendRows(dst[:0], rows)
	}
	b.ReportMetric(float64(len(dst))/float64(len(rows)), "bytes/row")
}

func BenchmarkParseRows(b *testing.B) {
	stored := AppendRows(nil, someRows(1, 10_000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseRows(stored); err != nil {
			b.Fatal(err)
		}
	}
}
