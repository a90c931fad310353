package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

const msec = time.Millisecond

// row is a request that was due and decided so long after the start.
func row(class uint16, due, last time.Duration, o load.Outcome) load.Row {
	return load.Row{Intended: due, Picked: due, Written: due, Last: last, Route: class, Outcome: o}
}

func TestScore(t *testing.T) {
	doomed := row(sheddable, 1400*msec, 1404*msec, load.Failed)
	doomed.Flags = load.NotExecuted
	rows := []load.Row{
		row(plus, 900*msec, 1010*msec, load.OK),         // due before, finished within
		row(critical, 1000*msec, 1050*msec, load.OK),    // good
		row(critical, 1100*msec, 1110*msec, load.Shed),  // refused
		row(critical, 1200*msec, 1350*msec, load.OK),    // late
		row(sheddable, 1300*msec, 1302*msec, load.Shed), // refused in 2 ms
		doomed, // refused in 4 ms
		row(sheddable, 1500*msec, 1600*msec, load.Timeout), // late
		row(plus, 1600*msec, 1601*msec, load.Failed),       // it ran, and failed
		row(plus, 1700*msec, 0, load.Capped),
		row(plus, 1950*msec, 2010*msec, load.OK), // finished after
		row(critical, 2100*msec, 2110*msec, load.OK),
	}
	res := load.Result{Rows: rows, Length: 3 * time.Second}
	s := scoreOf(res.Window(time.Second, 2*time.Second), rows, 100*msec, 4)
	if s.Rate != 1 || s.Goodput != 0.25 { // the second only: the first took 110 ms
		t.Errorf("rate %v, goodput %v", s.Rate, s.Goodput)
	}
	if math.Abs(s.Critical-1./3) > 1e-9 {
		t.Errorf("critical %v, want one of three", s.Critical)
	}
	if s.Late != 0.6 { // of the five that were let in: late, timed out, failed
		t.Errorf("late %v", s.Late)
	}
	if s.Refusal != 4*msec || s.P99 != 150*msec {
		t.Errorf("p99 of refusals %v, of admitted %v", s.Refusal, s.P99)
	}
	if s.Intended != 9 || s.Unsent != 1 {
		t.Errorf("intended %d, unsent %d", s.Intended, s.Unsent)
	}
}

func TestAWindowThatDoesNotCount(t *testing.T) {
	good := load.Validity{Valid: true}
	for _, c := range []struct {
		v    load.Validity
		d    disturbance
		want string
	}{
		{good, disturbance{Others: 0.03, Stolen: 0.03, Server: 1}, ""},
		{good, disturbance{Others: 0.031}, "others"},
		{good, disturbance{Stolen: 0.031}, "stolen"},
		{load.Validity{Reason: "lag", Detail: "late"}, disturbance{}, "lag"},
		{load.Validity{Reason: "unsent"}, disturbance{Others: 1}, "unsent"},
	} {
		if got, _, _ := strings.Cut(invalid(c.v, c.d), ":"); got != c.want {
			t.Errorf("%+v %+v: %q, want %q", c.v, c.d, got, c.want)
		}
	}
}

// The generator's own account of a window is the strictest that it has.
func TestAGeneratorThatWasLateSpoilsAWindow(t *testing.T) {
	rows := make([]load.Row, 100)
	for i := range rows {
		rows[i] = row(0, time.Duration(i)*msec, time.Duration(i+1)*msec, load.OK)
		rows[i].Picked += 2 * msec
	}
	res := load.Result{Rows: rows, Length: time.Second}
	if v := res.Window(0, time.Second).Validity(0); !v.Valid {
		t.Errorf("2 ms: %s", v.Detail)
	}
	for i := range 2 {
		rows[50+i].Picked += msec
	}
	if v := res.Window(0, time.Second).Validity(0); v.Valid || v.Reason != "lag" {
		t.Errorf("3 ms at the 99th percentile: %+v", v)
	}
}

func TestLightTenantsShare(t *testing.T) {
	rows := []load.Row{
		row(0, 0, msec, load.Shed), row(1, 0, 10*msec, load.OK), row(2, 0, 10*msec, load.OK),
		row(3, 0, 300*msec, load.OK), row(4, 0, msec, load.Shed),
	}
	if got := lightShare(rows, 200*msec); got != 0.5 {
		t.Errorf("%v, want two of four", got)
	}
}

func TestWhatIsPossible(t *testing.T) {
	io, cpu := workload{Slots: 10, Work: 20 * msec}, workload{Work: 5 * msec}
	for _, c := range []struct {
		w          workload
		load, want float64
	}{{io, 0.5, 0.5}, {io, 2, 1}, {io, 10, 1}, {cpu, 0.5, 0.5}, {cpu, 2, .995}, {cpu, 5, .980}, {cpu, 10, .955}, {cpu, 1000, 0}} {
		if got := c.w.possible(c.load); math.Abs(got-c.want) > 5e-4 {
			t.Errorf("%d slots at %vx: %v, want %v", c.w.Slots, c.load, got, c.want)
		}
	}
	if io.capacity(20*msec) != 500 || cpu.capacity(4*msec) != 250 {
		t.Error("capacity")
	}
}

func TestWorkIsTheMedianOfItsWindow(t *testing.T) {
	began := time.Unix(100, 0)
	at := func(d, took time.Duration) spun { return spun{Ended: began.Add(d).UnixNano(), Took: took} }
	spins := []spun{at(time.Second, 9*msec), at(2*time.Second, 5*msec), at(3*time.Second, 6*msec), at(4*time.Second, 70*msec), at(5*time.Second, msec)}
	cpu := workload{Work: 5 * msec}
	if got := cpu.took(spins, began, part{from: 2 * time.Second, to: 5 * time.Second}); got != 6*msec {
		t.Errorf("%v", got)
	}
	if got := cpu.took(nil, began, part{to: time.Second}); got != 5*msec {
		t.Errorf("%v where nothing was done", got)
	}
	if got := (workload{Slots: 1, Work: msec}).took(spins, began, part{to: time.Minute}); got != msec {
		t.Errorf("%v of a backend", got)
	}
}
