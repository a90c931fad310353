package check_test

import (
	"testing"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// waits is a round in which each connection was closed after so many seconds; 0: it was still open at the end.
func waits(attack string, round int, n run.Noise, watched float64, closed ...float64) run.Waits {
	w := run.Waits{Attack: attack, Round: round, Watched: seconds(watched), Alive: true, Noise: n}
	for _, at := range closed {
		c := run.Wait{Sent: 10, Transcript: []string{"line"}}
		if at > 0 {
			c.Closed, c.After = "FIN", seconds(at)
		}
		w.Conns = append(w.Conns, c)
	}
	return w
}

func TestSlowHeader(t *testing.T) {
	w := func(round int, n run.Noise, closed ...float64) run.Record {
		return waits(run.SlowHeader, round, n, 17.5, closed...)
	}
	dead := waits(run.SlowHeader, 1, calm, 17.5, 0, 0)
	dead.Alive = false
	judge(t, "slow-header", []judged{
		{"closed in time", []run.Record{w(1, calm, 5, 5.1)}, check.Proved, "", "all 2 given up (FIN), the last after 5.1 s"},
		{"within the slack", []run.Record{w(1, calm, 15.9)}, check.Proved, "", "15.9 s"},
		{"open once", []run.Record{w(1, calm, 5, 0)}, check.Inconclusive, check.Unrepeated, "1 of 2 connections still open after 17.5 s"},
		{"open twice", []run.Record{w(1, calm, 0), w(2, calm, 0)}, check.Refuted, "", "still open"},
		{"open, then closed", []run.Record{w(1, calm, 0), w(2, calm, 5)}, check.Inconclusive, check.Unstable, "failed once"},
		{"late, but so was the prover", []run.Record{w(1, late, 17)}, check.Inconclusive, check.Lag, "clock was up to 3 s late"},
		{"a late round, then a good one", []run.Record{w(1, late, 17), w(2, calm, 5)}, check.Proved, "", "5 s"},
		{"open, and the repetition in noise", []run.Record{w(1, calm, 0), w(2, late, 17)}, check.Inconclusive, check.Lag, "still open"},
		{"open twice, noise between", []run.Record{w(1, calm, 0), w(2, late, 17), w(3, calm, 0)}, check.Refuted, "", "still open"},
		{"the watch was too short", []run.Record{waits(run.SlowHeader, 1, calm, 10, 0)}, check.Inconclusive, check.WatchShort, "watch ended"},
		{"the service died", []run.Record{dead}, check.Inconclusive, check.ServiceGone, "ordinary request"},
		{"we could not connect", []run.Record{run.Waits{Attack: run.SlowHeader, Conns: []run.Wait{{Problem: "no port"}}}}, check.Inconclusive, check.ToolFailed, "no port"},
		{"another attack's rounds", []run.Record{waits(run.SlowBody, 1, calm, 40, 0)}, check.Inconclusive, check.NoData, ""},
	})
}

func TestSlowBody(t *testing.T) {
	answered := waits(run.SlowBody, 1, calm, 40, 0)
	answered.Conns[0].Status, answered.Conns[0].Answered = 408, seconds(6)
	turnedAway := waits(run.SlowBody, 1, calm, 40, 0)
	turnedAway.Conns[0].Status, turnedAway.Conns[0].Answered = 415, seconds(0.01)
	judge(t, "slow-body", []judged{
		{"answered and still open", []run.Record{answered}, check.Proved, "", "(408), the last after 6 s"},
		{"refused at once", []run.Record{turnedAway}, check.Inconclusive, check.TurnedAway, "1 of 1 were answered (415) before"},
		{"never", []run.Record{waits(run.SlowBody, 1, calm, 40, 0), waits(run.SlowBody, 2, calm, 40, 0)}, check.Refuted, "", "1 of 1"},
	})
}

func TestIdle(t *testing.T) {
	judge(t, "idle", []judged{
		{"closed in between", []run.Record{waits(run.Idle, 1, calm, 95, 75, 75.2)}, check.Proved, "", "75.2 s"},
		{"open after all", []run.Record{waits(run.Idle, 1, calm, 183, 0, 0)}, check.Refuted, "", "2 of 2 still open after 183 s"},
		{"not watched long enough", []run.Record{waits(run.Idle, 1, calm, 95, 0)}, check.Inconclusive, check.WatchShort, "idle_watch: 3m3s"},
		{"too soon, once", []run.Record{waits(run.Idle, 1, calm, 95, 0.1)}, check.Inconclusive, check.Unrepeated, "only 100 ms"},
		{"too soon, and so late were we", []run.Record{waits(run.Idle, 1, late, 95, 2)}, check.Inconclusive, check.Lag, "only 2 s"},
		{"too soon, twice", []run.Record{waits(run.Idle, 1, calm, 95, 0.1), waits(run.Idle, 2, calm, 95, 0.1)}, check.Refuted, "", "only 100 ms"},
	})
}
