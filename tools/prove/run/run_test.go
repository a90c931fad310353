package run_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// everything has one record of each kind.
func everything() []run.Record {
	return []run.Record{
		run.Described{Spec: json.RawMessage(`{"name":"orders"}`)},
		run.Judged{Policy: json.RawMessage(`{"header":{}}`)},
		run.Launch{Instance: "load", Ready: true, After: time.Second},
		run.Done{Check: "config"},
		run.Skip{Experiment: "idle", Reason: "no-keepalive", Detail: "it closes"},
		run.Waits{Attack: run.SlowHeader, Round: 1, Watched: time.Minute, Alive: true, Conns: []run.Wait{{Sent: 9, Closed: "FIN", After: time.Second, Transcript: []string{"a", "b"}}}},
		run.Oversize{Form: run.ByChunks, Size: 64 << 20, Status: 413, Before: 1, Peak: 2, Measured: true},
		run.Hung{Operation: "create", Tries: []run.HungTry{{Status: 504, After: time.Second}}},
		run.Left{Round: 1, Tries: []run.LeftTry{{How: "RST", Reached: true, Ended: true, After: 1}}},
		run.Health{Fault: run.Hangs, Deps: []string{"payments"}, Live: []run.Poll{{Status: 200}}},
		run.Outage{Fault: run.Says503, Round: 1, Failed: 2, Healed: 3, Ended: 4, Calls: []time.Duration{1, 2}, Refused: -1,
			Streams: []run.Stream{{Operation: "create", Needs: true, Rate: 50, At: 1, Result: load.Result{Length: time.Second, Rows: load.Rows{{Intended: 1, Outcome: load.OK}}}}}},
		run.Budgets{Round: 1, Tries: []run.BudgetTry{{Operation: "read", Dep: run.Again, Given: 5, Calls: []run.BudgetCall{{After: 1, Method: "GET", Header: "Plimsoll-Budget", Left: 4}}}}},
		run.Repeats{Operation: "create", Normal: run.RepeatCounts{Bare: 1, Calls: 1}, Modes: []run.RepeatsMode{{Dep: "answers 500", Executed: true, Requests: 4}}},
		run.Stale{Operation: "read", Repeatable: true, Spells: []run.StaleSpell{{How: "closed", Kept: 8, Requests: 8, First: map[int]int{200: 8}, Second: map[int]int{200: 7, 0: 1}}}},
		run.Fitness{Fitness: load.Fitness{Rate: 8000, TimerP50: 1}},
		run.Capacity{Rate: 490, Slots: 10, Hold: 20 * time.Millisecond, Steps: []run.Step{{Workers: 10, Rate: 490}}},
		run.Load{Part: run.Attack, Multiple: 2, Block: 1, Offered: 980, Result: load.Result{Length: time.Second, Rows: load.Rows{
			{Intended: 1, Picked: 2, Written: 3, First: 4, Last: 5, Status: 200, RetryAfter: -1, Outcome: load.OK, Flags: load.Reused},
		}}},
		run.Drain{Round: 1, ReadyOff: run.NoTime, Lost: []run.Lost{{At: -1, How: "reset"}}, LostCount: 1},
		run.Config{Case: run.Missing, Variable: "PORT", Exited: true, Code: 78, Named: true},
	}
}

// written writes a run file with the records and returns its path.
func written(tb testing.TB, finish bool, records ...run.Record) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "test.plm")
	w, err := run.Create(path, run.Header{Tool: "test", Service: "orders", Seed: 7})
	assert.NoError(tb, err)
	for _, r := range records {
		assert.NoError(tb, w.Add(r))
	}
	if finish {
		assert.NoError(tb, w.Finish())
	}
	assert.NoError(tb, w.Close())
	return path
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	got, err := run.Open(written(t, true, everything()...))
	assert.NoError(t, err)
	want := &run.Artifacts{Header: got.Header, Complete: true}
	for _, r := range everything() {
		want.Append(r)
	}
	assert.Equal(t, got, want)
	assert.Equal(t, got.Header.Version, run.Version)
	assert.Equal(t, got.Header.Seed, int64(7))
	skip, ok := got.Skipped("idle")
	assert.True(t, ok)
	assert.Equal(t, skip.Reason, "no-keepalive")
}

func TestAStreamKnowsWhatWasDue(t *testing.T) {
	s := run.Stream{At: 10, Result: load.Result{Rows: load.Rows{{Intended: 0}, {Intended: 5}, {Intended: 9}}}}
	assert.Len(t, s.Due(10, 20), 3)
	assert.Len(t, s.Due(12, 19), 1)
	assert.Len(t, s.Due(20, 12), 0)
}

// TestAFileThatEndsEarlyOpens cuts a run file at every byte after its first line.
func TestAFileThatEndsEarlyOpens(t *testing.T) {
	text, err := os.ReadFile(written(t, true, everything()...))
	assert.NoError(t, err)
	first := bytes.IndexByte(text, '\n') + 1
	for end := first; end < len(text); end++ {
		a, err := run.Read(bytes.NewReader(text[:end]))
		assert.NoError(t, err, "cut at %d", end)
		assert.False(t, a.Complete, "cut at %d", end)
		assert.Equal(t, a.Cut, text[end-1] != '\n', "cut at %d", end)
	}
}

func TestFilesThatAreNone(t *testing.T) {
	text, err := os.ReadFile(written(t, true, everything()...))
	assert.NoError(t, err)
	cut := func(at int) string { return string(text[:at]) }
	for name, c := range map[string]struct{ text, want string }{
		"empty":          {"", "it is empty"},
		"garbage":        {"\x00\x01\x02", "does not begin like one"},
		"json":           {"{}\n", "does not begin like one"},
		"other version":  {strings.Replace(string(text), `"version":1`, `"version":99`, 1), "version 99"},
		"half a header":  {cut(20), "does not begin like one"},
		"header only":    {strings.TrimSuffix(cut(bytes.IndexByte(text, '\n')+1), "\n"), "ends inside its first line"},
		"damaged inside": {strings.Replace(string(text), `"kind":"launch"`, `"kind":"launch`, 1), "line 4 is damaged"},
		"wrong type":     {strings.Replace(string(text), `"instance":"load"`, `"instance":7`, 1), "line 4 is damaged"},
	} {
		_, err := run.Read(strings.NewReader(c.text))
		assert.ErrorIs(t, err, run.ErrFormat, name)
		assert.Contains(t, err.Error(), c.want, name)
		assert.NotContains(t, err.Error(), "\n", name)
	}
}

func TestKindsOfALaterToolAreLeftOut(t *testing.T) {
	text, err := os.ReadFile(written(t, true, run.Launch{Instance: "x"}))
	assert.NoError(t, err)
	more := strings.Replace(string(text), `{"kind":"end"`, `{"kind":"aurora","data":[1]}`+"\n"+`{"kind":"end"`, 1)
	a, err := run.Read(strings.NewReader(more))
	assert.NoError(t, err)
	assert.True(t, a.Complete)
	assert.Len(t, a.Launches, 1)
}

func TestAWriterThatIsClosedSaysSo(t *testing.T) {
	w, err := run.Create(filepath.Join(t.TempDir(), "x.plm"), run.Header{})
	assert.NoError(t, err)
	assert.NoError(t, w.Close())
	assert.NoError(t, w.Close())
	assert.ErrorIs(t, w.Add(run.Launch{}), os.ErrClosed)
	_, err = run.Create(filepath.Join(t.TempDir(), "no", "such", "folder.plm"), run.Header{})
	assert.Error(t, err)
}

func FuzzRead(f *testing.F) {
	text, err := os.ReadFile(written(f, true, everything()...))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:200])
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := run.Read(bytes.NewReader(text))
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %v", err)
		}
		if err == nil && a.Header.Version != run.Version {
			t.Errorf("took version %d", a.Header.Version)
		}
	})
}
