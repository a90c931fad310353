package load

import (
	"context"
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// Trial is one rate of the open loop.
type Trial struct {
	Rate    float64       `json:"rate"` // requests a second
	Windows []TrialWindow `json:"windows"`
	Held    bool          `json:"held"`   // every one of three valid windows did
	Judged  bool          `json:"judged"` // one window failed, or three held; otherwise the machine was too disturbed
}

// TrialWindow is one window of a trial.
type TrialWindow struct {
	Goodput  float64       `json:"goodput"` // OK a second
	Good     float64       `json:"good"`    // part of the requests that were OK
	P99      time.Duration `json:"p99_ns"`
	Held     bool          `json:"held"`
	Validity Validity      `json:"validity"`
}

const (
	trialWindows = 3
	trialGood    = 0.99
	trialSlower  = 5                    // p99 may be so many times the unloaded one
	trialFloor   = 2 * time.Millisecond // but the unloaded one counts as no less: below it, one measures this machine
)

// ladder are the parts of the closed loop's rate that are tried, beginning at the step first.
var ladder = [...]float64{0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1}

const firstStep = 4

// confirm climbs the ladder from 0.9 while it holds, or descends until it does.
func (s *search) confirm(ctx context.Context, estimate float64) error {
	estimate = min(estimate, s.Most/ladder[firstStep])
	held, step := -1, firstStep
	for step >= 0 && step < len(ladder) {
		rate := ladder[step] * estimate
		limited := rate > 0.999*s.Most
		if limited {
			rate = s.Most
		}
		width, ok := s.window(rate)
		if !ok {
			break
		}
		trial, err := s.try(ctx, rate, width)
		if err != nil {
			return err
		}
		s.found.Trials = append(s.found.Trials, trial)
		s.Say(trial.String())
		if !trial.Held {
			if held >= 0 {
				break
			}
			step--
			continue
		}
		held = step
		s.found.Rate, s.found.Confirmed, s.found.Limited = rate, true, limited || step == len(ladder)-1 && s.found.Limited
		if limited || step < firstStep {
			break
		}
		step++
	}
	return nil
}

// window is how long a window at that rate is: as long as the remaining time allows for four more trials, up to 4 s, but
// long enough for 30 requests. It reports whether there is time for a trial at all.
func (s *search) window(rate float64) (time.Duration, bool) {
	left := time.Until(s.deadline)
	width := min(left/(4*(trialWindows+1)), 4*time.Second)
	width = max(width, 250*time.Millisecond, time.Duration(30/rate*float64(time.Second)))
	return width, left >= width*(trialWindows+1)
}

// try makes one open-loop run: half a window to settle, three windows that count, and as many again in place of invalid
// ones if there is time.
func (s *search) try(ctx context.Context, rate float64, width time.Duration) (Trial, error) {
	trial := Trial{Rate: rate}
	for held := 0; time.Until(s.deadline) > width; {
		settle := width / 2
		res, err := Run(ctx, Plan{
			Target: s.Target, Mix: s.Mix, Rate: rate, Duration: settle + time.Duration(trialWindows-held)*width,
			Seed: s.Seed + uint64(len(s.found.Trials)*100+len(trial.Windows)), Deadline: s.patience(),
		})
		if err != nil {
			return trial, err
		}
		for _, w := range res.Windows(settle, width) {
			tw := s.judge(w)
			trial.Windows = append(trial.Windows, tw)
			switch {
			case tw.Held:
				held++
			case tw.Validity.Valid:
				trial.Judged = true
				return trial, nil
			}
		}
		if held == trialWindows {
			trial.Held, trial.Judged = true, true
			return trial, nil
		}
	}
	return trial, nil
}

// limit is the p99 that a window must keep.
func (s *search) limit() time.Duration { return trialSlower * max(s.found.UnloadedP99, trialFloor) }

func (s *search) judge(w Window) TrialWindow {
	c := w.Counts()
	tw := TrialWindow{
		Goodput: w.Goodput(), Good: float64(c.Of(OK)) / float64(max(c.Intended, 1)),
		P99: stats.Quantile(Latencies(w.Rows, nil), 0.99), Validity: w.Validity(s.limit()),
	}
	tw.Held = tw.Validity.Valid && tw.Good >= trialGood && tw.P99 <= s.limit()
	return tw
}

func (s *search) patience() time.Duration {
	if s.Deadline > 0 {
		return s.Deadline
	}
	return max(10*s.found.Unloaded, time.Second)
}

// String returns one line for people.
func (t Trial) String() string {
	verdict := "did not hold"
	if t.Held {
		verdict = "held"
	} else if !t.Judged {
		verdict = "could not be judged: the machine was disturbed"
	}
	return fmt.Sprintf("%.0f requests/s %s", t.Rate, verdict)
}
