package check

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

const (
	// lookConfidence is that of each bound of a goodput: 0.05 over three looks, as stats.Looks splits it.
	lookConfidence = 1 - 0.05/3

	// windowsInAll are in a judged stretch: short ones, so that a moment in which the machine stood still costs little.
	windowsInAll = 6

	// fewestWindows of a stretch must have measured the service.
	fewestWindows = 3

	// wellFor is how long a service must serve well to be well again.
	wellFor = time.Second

	// busyCores is how much of the machine others may use, and spareCores what must be left over, for a failure under
	// load to be the service's own: beside hogs that used more, capacity and goodput moved together with them.
	busyCores   = 0.5
	spareCores  = 0.3
	waitedCores = 0.1

	// atCeiling is the share of it that makes a dependency's own limit the measure of goodput.
	atCeiling = 0.9

	// nearCeiling is the share of what the dependency can serve that a capacity must reach to be the dependency's and not
	// that of a machine that others used. Then what held, held: others can only have made it harder.
	nearCeiling = 0.8

	// baseGood is the share of requests that must be good at capacity, or what was found is not the capacity.
	baseGood = 0.9
)

// block is one overload: traffic at capacity, the attack, and half the capacity after it.
type block struct {
	number       int
	width        time.Duration // of a window
	base, attack *run.Load
	quiet        []run.Load
}

// blocksOf joins the stretches of each block of one multiple.
func blocksOf(loads []run.Load, multiple float64, width time.Duration) []block {
	var blocks []block
	for i := range loads {
		l := &loads[i]
		if l.Multiple != multiple {
			continue
		}
		if len(blocks) == 0 || blocks[len(blocks)-1].number != l.Block {
			blocks = append(blocks, block{number: l.Block, width: width})
		}
		b := &blocks[len(blocks)-1]
		switch l.Part {
		case run.Base:
			b.base = l
		case run.Attack:
			b.attack = l
		case run.Quiet:
			b.quiet = append(b.quiet, *l)
		}
	}
	return blocks
}

// gate is how punctual the generator must have been for a window to count.
type gate uint8

const (
	// strict: what was seen is the service's doing, to the millisecond. Only such windows refute.
	strict gate = iota

	// harder: the generator was late, but by no more than a twentieth of the clients' patience. What was due was sent, in
	// bursts, and latencies count from when it was due: all of that makes it harder for the service. Such windows prove.
	harder
)

// lateShare of the clients' patience is how late the generator may be, and its windows still prove.
const lateShare = 20

// passes reports whether a window counts.
func (g gate) passes(v load.Validity, patience time.Duration) bool {
	return v.Valid || g == harder && reasonOf(v) == Lag && v.LagP99 <= patience/lateShare
}

// windows are the parts of a stretch that measured the service and not the machine, or why there are too few.
func (b block) windows(l *run.Load, g gate) (good []load.Window, why Reason, detail string) {
	if l == nil {
		return nil, Interrupted, "the run ended inside the block"
	}
	all := l.Result.Windows(l.Warmup, b.width)
	for _, w := range all {
		v := w.Validity(l.Result.Deadline)
		if g.passes(v, l.Result.Deadline) {
			good = append(good, w)
			continue
		}
		why, detail = reasonOf(v), v.Detail
	}
	if len(good) < fewestWindows {
		if why == NoReason {
			why, detail = FewSamples, "the "+l.Part+" was too short"
		}
		return nil, why, fmt.Sprintf("%d of %d windows of the %s can't be used: %s", len(all)-len(good), len(all), l.Part, detail)
	}
	return good, NoReason, ""
}

// busy says whether others took what the service could have used: it was kept waiting, as far as the kernel counts that.
func busy(n run.Noise) bool {
	return n.Foreign > busyCores && n.Spare < spareCores && (n.Waited == 0 || n.Waited > waitedCores)
}

// calm are the blocks whose attack nobody disturbed: what fails in those is the service's doing. A base that was disturbed
// can only look worse than it was, which flatters the attack.
func calm(blocks []block) []block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b block) bool { return b.attack == nil || busy(b.attack.Noise) })
}

// disturbed says whether others used the machine during a part of a block that goodput is judged by.
func disturbed(blocks []block) (string, bool) {
	for _, b := range blocks {
		for _, l := range []*run.Load{b.base, b.attack} {
			if l != nil && busy(l.Noise) {
				return fmt.Sprintf("others used %.1f processors of the machine during the %s of block %d", l.Noise.Foreign, l.Part, b.number), true
			}
		}
	}
	return "", false
}

// allow takes a verdict under load back that others on the machine may have caused: every refutation, and a proof too
// when the capacity may have been found too low.
func allow(part Part, blocks []block, c run.Capacity) Part {
	by, yes := disturbed(blocks)
	if !yes || part.Verdict != Refuted && (part.Verdict != Proved || c.Rate >= nearCeiling*c.Ceiling && c.Ceiling > 0) {
		return part
	}
	part.Verdict, part.Reason = Inconclusive, Busy
	part.Says += ": " + by
	return part
}

// reasonOf translates the generator's reason.
func reasonOf(v load.Validity) Reason {
	switch v.Reason {
	case "lag":
		return Lag
	case "nodata":
		return FewSamples
	case "cancelled":
		return Interrupted
	}
	return Unsent
}

// ratios are the goodputs of the attack's windows over the mean goodput of the base.
func (b block) ratios() ([]float64, Reason, string) {
	base, why, detail := b.windows(b.base, harder) // a base that looks worse than it was makes the attack look better
	if why != NoReason {
		return nil, why, detail
	}
	attack, why, detail := b.windows(b.attack, strict)
	if why != NoReason {
		return nil, why, detail
	}
	var mean, offered float64
	for _, w := range base {
		mean += w.Goodput() / float64(len(base))
		offered += w.Offered() / float64(len(base))
	}
	if mean < baseGood*offered {
		return nil, Capacity, fmt.Sprintf("at capacity only %.0f %% of requests were good", 100*mean/offered)
	}
	var out []float64
	for _, w := range attack {
		out = append(out, w.Goodput()/mean)
	}
	return out, NoReason, ""
}

// shares are the goodputs of the attack's windows over what the dependency can serve at most, in windows that made it
// harder for the service.
func (b block) shares(ceiling float64) []float64 {
	attack, _, _ := b.windows(b.attack, harder)
	var out []float64
	for _, w := range attack {
		out = append(out, w.Goodput()/ceiling)
	}
	return out
}

// recovered is how long after the attack the first second began in which 99 % were good; never: how long was watched.
func (b block) recovered() (at time.Duration, ok bool, watched time.Duration) {
	if b.attack == nil {
		return 0, false, 0
	}
	end := b.attack.Result.Began.Add(b.attack.Result.Length)
	for _, quiet := range b.quiet {
		offset := max(quiet.Result.Began.Sub(end), 0)
		for from := time.Duration(0); from+wellFor <= quiet.Result.Length; from += wellFor / 4 {
			w := quiet.Result.Window(from, from+wellFor)
			c := w.Counts()
			if c.Sent > 0 && float64(c.Of(load.OK)) >= 0.99*float64(c.Intended) {
				return offset + from, true, 0
			}
		}
		watched = offset + quiet.Result.Length
	}
	return 0, false, watched
}

// lines counts what became of the requests.
func (b block) lines() []string {
	var lines []string
	add := func(l *run.Load) {
		if l == nil {
			return
		}
		c := l.Result.Counts()
		text := fmt.Sprintf("%-6s offered %6.0f/s for %s: %d intended, %d unsent", l.Part, l.Offered, seconds(l.Result.Length), c.Intended, c.Unsent)
		for o := load.OK; o <= load.Malformed; o++ {
			if n := c.Of(o); n > 0 {
				text += fmt.Sprintf(", %d %s", n, o)
			}
		}
		lines = append(lines, text+fmt.Sprintf("; generator lag p99 %s, processors: service %.2f (and waited for %.2f), others %.2f", seconds(l.Result.Lag(0.99)), l.Noise.Used, l.Noise.Waited, l.Noise.Foreign))
	}
	add(b.base)
	add(b.attack)
	for i := range b.quiet {
		add(&b.quiet[i])
	}
	return lines
}

// share is k of n, or 0 of nothing.
func share(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / math.Max(float64(n), 1)
}
