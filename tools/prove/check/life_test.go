package check_test

import (
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// drained is a round in which all went well, changed by edit.
func drained(round int, edit func(*run.Drain)) run.Record {
	d := run.Drain{
		Round: round, Operation: "create", Connections: 64, Rate: 250, Answered: 700, Exposed: 60,
		Gap: 110 * time.Millisecond, ReadyOff: 50 * time.Millisecond, ReadySaid: 503, Stopped: 150 * time.Millisecond, Closed: 5 * time.Second,
		Exited: true, Exit: 5100 * time.Millisecond, Ready: []run.Poll{{Status: 200}, {Status: 503}}, Noise: calm,
	}
	if edit != nil {
		edit(&d)
	}
	return d
}

func TestDrain(t *testing.T) {
	both := func(edit func(*run.Drain)) []run.Record {
		return []run.Record{drained(1, edit), drained(2, edit)}
	}
	judge(t, "drain", []judged{
		{"nothing lost", both(nil), check.Proved, "", "0 lost of 120 under way at SIGTERM or later (1400 answered in all, 2 rounds): at most 2.47 %"},
		{"one lost", []run.Record{drained(1, nil), drained(2, func(d *run.Drain) {
			d.LostCount, d.Lost = 1, []run.Lost{{At: 1, How: "reset", Transcript: []string{"sent"}}}
		})}, check.Refuted, "", "1 lost of 120"},
		{"refused while the router sent", both(func(d *run.Drain) { d.Refused = 3 }), check.Refuted, "", "6 connections refused"},
		{"lost after a router that was late", both(func(d *run.Drain) { d.LostCount, d.Gap = 3, seconds(0.5) }), check.Inconclusive, check.Lag, "6 were lost after the prover's own router"},
		{"lost soon, beside a router that was late", both(func(d *run.Drain) { d.LostCount, d.LostSoon, d.Gap = 3, 1, seconds(0.5) }), check.Refuted, "", "2 lost of 120"},
		{"lost after a router that was late, and twice not", append(both(nil), drained(3, func(d *run.Drain) { d.LostCount, d.Refused, d.Gap = 3, 2, seconds(0.5) })), check.Proved, "", "0 lost of 180"},
		{"refused to a router that was late", both(func(d *run.Drain) { d.Refused, d.Noise = 3, late }), check.Inconclusive, check.Lag, "6 connections refused after"},
		{"the listener goes first, as far as a late router sees", both(func(d *run.Drain) { d.Closed, d.Gap = 20*time.Millisecond, seconds(0.5) }), check.Inconclusive, check.Lag, "refused connections"},
		{"the listener goes first", both(func(d *run.Drain) { d.Closed = 20 * time.Millisecond }), check.Refuted, "", "the listener refused connections 20 ms"},
		{"readiness gone with it", both(func(d *run.Drain) { d.ReadySaid = 0 }), check.Refuted, "", "readiness had never said 503"},
		{"readiness never changes", both(func(d *run.Drain) { d.ReadyOff = run.NoTime }), check.Refuted, "", "never said anything but 200"},
		{"readiness changes late", both(func(d *run.Drain) { d.ReadyOff = 3 * time.Second }), check.Refuted, "", "readiness 503 after 3 s"},
		{"late once", []run.Record{drained(1, func(d *run.Drain) { d.ReadyOff = 3 * time.Second }), drained(2, nil)}, check.Inconclusive, check.Unstable, "failed once"},
		{"no readiness path", both(func(d *run.Drain) { d.Ready, d.ReadyOff = nil, run.NoTime }), check.Proved, "", "0 lost"},
		{"a bad exit code", both(func(d *run.Drain) { d.Code = 3 }), check.Refuted, "", "exit code 3"},
		{"ended by the signal", both(func(d *run.Drain) { d.Code = -1 }), check.Refuted, "", "does not handle SIGTERM"},
		{"never ends", both(func(d *run.Drain) { d.Exited, d.Exit = false, 30*time.Second }), check.Refuted, "", "still running 30 s"},
		{"too little to judge", both(func(d *run.Drain) { d.Exposed = 0 }), check.Inconclusive, check.FewSamples, "0 lost of 0"},
		{"unclear fates", both(func(d *run.Drain) { d.Unclear = 5 }), check.Inconclusive, check.ToolFailed, "could not tell"},
	})
}

// started is a broken start that ended as it should, changed by edit.
func started(edit func(*run.Config)) run.Record {
	c := run.Config{Case: run.Missing, Variable: "PAYMENTS_URL", Exited: true, Code: 78, After: 100 * time.Millisecond, Named: true, Watched: seconds(6.5), Noise: calm}
	if edit != nil {
		edit(&c)
	}
	return c
}

func TestConfig(t *testing.T) {
	twice := func(edit func(*run.Config)) []run.Record { return []run.Record{started(edit), started(edit)} }
	judge(t, "config", []judged{
		{"named and ended", []run.Record{started(nil)}, check.Proved, "", "1 of 1 broken starts"},
		{"not named", twice(func(c *run.Config) { c.Named = false }), check.Refuted, "", "did not name the variable"},
		{"exit code 0", twice(func(c *run.Config) { c.Code = 0 }), check.Refuted, "", "exit code 0"},
		{"listened", twice(func(c *run.Config) { c.Listened = []string{"127.0.0.1:80"} }), check.Refuted, "", "it listened on 127.0.0.1:80"},
		{"still running", twice(func(c *run.Config) { c.Exited, c.After = false, c.Watched }), check.Refuted, "", "still running after 6.5 s"},
		{"slow end, busy machine", []run.Record{started(func(c *run.Config) { c.After, c.Noise = seconds(6), late })}, check.Inconclusive, check.Lag, "exit code 78 after 6 s"},
		{"could not be started", []run.Record{started(func(c *run.Config) { c.Problem = "no such file" })}, check.Inconclusive, check.ToolFailed, "no such file"},
		{"one of two", []run.Record{started(nil), started(func(c *run.Config) { c.Case, c.Value, c.Named = run.Malformed, "x", false }), started(func(c *run.Config) { c.Case, c.Value, c.Named = run.Malformed, "x", false })},
			check.Refuted, "", "PAYMENTS_URL=x: it ended with exit code 78 and did not name"},
	})
}

// offered is one oversize body that was refused, changed by edit.
func offered(form string, edit func(*run.Oversize)) run.Record {
	o := run.Oversize{Form: form, Size: 64 << 20, Sent: 1 << 20, Status: 413, Before: 20 << 20, Peak: 21 << 20, Measured: true, Alive: true, After: seconds(0.1)}
	if edit != nil {
		edit(&o)
	}
	return o
}

func TestOversize(t *testing.T) {
	twice := func(form string, edit func(*run.Oversize)) []run.Record {
		return []run.Record{offered(form, edit), offered(form, edit)}
	}
	judge(t, "oversize", []judged{
		{"refused", []run.Record{offered(run.ByLength, nil), offered(run.ByChunks, nil), offered(run.ByGzip, func(o *run.Oversize) { o.Status = 415 })}, check.Proved, "", "64MiB by gzip: 415"},
		{"gzip not understood", []run.Record{offered(run.ByGzip, func(o *run.Oversize) { o.Status = 400 })}, check.Proved, "", "not unpacked"},
		{"taken", twice(run.ByLength, func(o *run.Oversize) { o.Status = 201 }), check.Refuted, "", "answered 201"},
		{"400 to a long body", twice(run.ByLength, func(o *run.Oversize) { o.Status = 400 }), check.Refuted, "", "answered 400"},
		{"into memory", twice(run.ByGzip, func(o *run.Oversize) { o.Peak = 120 << 20 }), check.Refuted, "", "grow by 100.0 MiB"},
		{"no answer", twice(run.ByChunks, func(o *run.Oversize) { o.Status, o.Closed = 0, "RST" }), check.Refuted, "", "without an answer"},
		{"the service died", twice(run.ByChunks, func(o *run.Oversize) { o.Status, o.Alive = 0, false }), check.Refuted, "", "did not answer an ordinary request"},
		{"memory not known", []run.Record{offered(run.ByLength, func(o *run.Oversize) { o.Measured = false })}, check.Proved, "", "413"},
		{"once", []run.Record{offered(run.ByLength, func(o *run.Oversize) { o.Status = 201 })}, check.Inconclusive, check.Unrepeated, "answered 201"},
	})
}
