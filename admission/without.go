//go:build ablation

package admission

import "fmt"

// NewWithout is New with parts left out. It exists in builds for comparison only.
func NewWithout(cfg Config, names ...string) (*Controller, error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		p, ok := map[string]part{
			"doomed-test": doomedTest, "search": longSearch, "time-left": timeLeft,
			"breaker": probesOnly,
		}[name]
		if !ok {
			return nil, fmt.Errorf("admission has no part %q to leave out", name)
		}
		c.limiter.plan.without |= p
		c.estimate.untold = c.estimate.untold || p == doomedTest
	}
	if c.limiter.plan.without.has(longSearch) {
		c.limiter.plan.starting = false
		c.limiter.plan.hand(c.limiter.plan.limit)
	}
	return c, nil
}
