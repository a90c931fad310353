package load

import (
	"context"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// Finder looks for the capacity of a service: with a closed loop of rising concurrency for a first estimate, and then
// with open-loop runs around it, because only these show that the service keeps up.
type Finder struct {
	Target   string // host:port
	Mix      []Request
	Within   time.Duration // for everything; 0: 30 s. 10 s do for a service that answers within 100 ms
	Deadline time.Duration // a client's patience in the open-loop runs; 0: 10 × the unloaded median, at least 1 s
	Seed     uint64
	Most     float64           // requests a second that may be asked for: half of Fitness.Rate; 0: 5,000
	Say      func(line string) // progress; nil: nobody listens
}

// Capacity is the rate up to which a service does what it is asked.
type Capacity struct {
	Rate        float64       `json:"rate"`            // requests a second
	Confirmed   bool          `json:"confirmed"`       // an open-loop run at Rate held; otherwise Rate is what the closed loop reached
	Limited     bool          `json:"limited"`         // the service can do more: the finder's limit was reached, not the service's
	Unloaded    time.Duration `json:"unloaded_ns"`     // median latency for one client alone
	UnloadedP99 time.Duration `json:"unloaded_p99_ns"` // its p99
	Levels      []Level       `json:"levels"`          // of the closed loop
	Trials      []Trial       `json:"trials"`          // of the open loop, in the order in which they were made
}

// Level is one concurrency of the closed loop.
type Level struct {
	Clients int           `json:"clients"`
	Rate    float64       `json:"rate"` // OK a second
	P50     time.Duration `json:"p50_ns"`
	P99     time.Duration `json:"p99_ns"`
	Counts  Counts        `json:"counts"`
}

const (
	mostClients = 128
	enoughGain  = 1.05 // below it, more clients do not help
)

// FindCapacity looks for the highest rate at which a service answers at least 99 % of the requests OK, with a p99 of at
// most 5 × that of one client alone, in each of three valid windows. It stops what it does when the time is over and
// returns what it knows by then. The error says that no request succeeded, or wraps the cause of ctx's end.
func FindCapacity(ctx context.Context, f Finder) (Capacity, error) {
	f = f.withDefaults()
	s := search{Finder: f, deadline: time.Now().Add(f.Within)}
	best, err := s.climb(ctx)
	if err != nil {
		return s.found, fmt.Errorf("find capacity: %w", err)
	}
	s.found.Rate = best
	if err := s.confirm(ctx, best); err != nil {
		return s.found, fmt.Errorf("find capacity: %w", err)
	}
	return s.found, nil
}

func (f Finder) withDefaults() Finder {
	if f.Within == 0 {
		f.Within = 30 * time.Second
	}
	if f.Most == 0 {
		f.Most = 5000
	}
	if f.Say == nil {
		f.Say = func(string) {}
	}
	return f
}

// search is a Finder at work.
type search struct {
	Finder
	deadline time.Time
	found    Capacity
}

// climb doubles the clients of a closed loop until that gains less than 5 %, and returns the best rate. It takes at most
// half of the time.
func (s *search) climb(ctx context.Context) (float64, error) {
	width := min(max(s.Within/16, 200*time.Millisecond), 1500*time.Millisecond)
	var best float64
	for clients := 1; clients <= mostClients; clients *= 2 {
		res, err := Loop(ctx, ClosedLoop{Target: s.Target, Mix: s.Mix, Clients: clients, Duration: width,
			Deadline: s.Within / 4, Seed: s.Seed + uint64(clients)})
		if err != nil {
			return 0, err
		}
		level := levelOf(clients, res)
		s.found.Levels = append(s.found.Levels, level)
		s.Say(fmt.Sprintf("%d clients: %.0f requests/s, p50 %.1f ms", clients, level.Rate, ms(level.P50)))
		if clients == 1 {
			if level.Counts.Of(OK) == 0 {
				return 0, noneSucceeded(res)
			}
			s.found.Unloaded, s.found.UnloadedP99 = level.P50, level.P99
		}
		gain := level.Rate / best
		best = max(best, level.Rate)
		if s.found.Limited = best > s.Most; s.found.Limited {
			break
		}
		if clients > 1 && gain < enoughGain {
			break
		}
		s.found.Limited = clients == mostClients
		if time.Until(s.deadline) < s.Within/2+width {
			break
		}
	}
	return best, nil
}

// levelOf counts what was answered between an eighth of the time, when the clients are under way, and its end.
func levelOf(clients int, res *Result) Level {
	from := res.Length / 8
	within := Latencies(res.Rows, func(r *Row) bool { return r.Outcome == OK && r.Last > from && r.Last <= res.Length })
	all := Latencies(res.Rows, With(OK))
	return Level{
		Clients: clients, Rate: float64(len(within)) / (res.Length - from).Seconds(), Counts: res.Counts(),
		P50: stats.Quantile(all, 0.5), P99: stats.Quantile(all, 0.99),
	}
}

func noneSucceeded(res *Result) error {
	for _, in := range res.Incidents {
		return fmt.Errorf("no request succeeded; the first was %s: %s %s", in.Outcome, in.Received, in.Error)
	}
	return fmt.Errorf("no request succeeded: none of %d was answered within %s", len(res.Rows), res.Length)
}
