package policy

import "time"

// Plan is how the attacks are made: how many, how often, for how long. It decides what a run costs and how narrow its
// intervals are; it is never compared with anything.
type Plan struct {
	Connections int           `json:"connections" yaml:"connections"` // slow and idle connections for each timeout check
	Drip        time.Duration `json:"drip_ns" yaml:"drip"`            // between two bytes of a slow request
	IdleWatch   time.Duration `json:"idle_watch_ns" yaml:"idle_watch"`

	Oversize Size `json:"oversize" yaml:"oversize"` // body that no service should take, once decoded

	Cancels int `json:"cancels" yaml:"cancels"` // clients that leave while their dependency works

	Slots     int           `json:"slots" yaml:"slots"`          // requests that the dependency serves at once: the capacity
	Hold      time.Duration `json:"hold_ns" yaml:"hold"`         // how long it takes for each
	Patience  time.Duration `json:"patience_ns" yaml:"patience"` // an answer after this is no use to the client
	Window    time.Duration `json:"window_ns" yaml:"window"`     // one judged stretch of load; it is looked at in six windows
	Multiples []float64     `json:"multiples" yaml:"multiples"`  // of the capacity, that are offered
	Blocks    int           `json:"blocks" yaml:"blocks"`        // repetitions of an overload that is not yet decided

	DrainConnections int           `json:"drain_connections" yaml:"drain_connections"` // kept-alive, used in turn; no more than the rate keeps in use
	DrainRate        float64       `json:"drain_rate" yaml:"drain_rate"`               // requests per second
	DrainTraffic     time.Duration `json:"drain_traffic_ns" yaml:"drain_traffic"`      // before the signal
	DrainRounds      int           `json:"drain_rounds" yaml:"drain_rounds"`           // processes that are ended
	RouterPoll       time.Duration `json:"router_poll_ns" yaml:"router_poll"`          // the router asks for readiness this often
	RouterLag        time.Duration `json:"router_lag_ns" yaml:"router_lag"`            // and stops sending this long after the first refusal
	RouterBlind      time.Duration `json:"router_blind_ns" yaml:"router_blind"`        // it notices the end of an idle connection this late: it is a network away, or looks when it next uses it

	Ordinary  float64       `json:"ordinary" yaml:"ordinary"`   // requests per second of each operation, in traffic around an outage
	Warm      time.Duration `json:"warm_ns" yaml:"warm"`        // of it before the outage
	Broken    time.Duration `json:"broken_ns" yaml:"broken"`    // of the outage, after the dependency must be left alone
	Mended    time.Duration `json:"mended_ns" yaml:"mended"`    // after the outage
	Flap      time.Duration `json:"flap_ns" yaml:"flap"`        // a dependency that comes and goes is away, and there, for this long
	Uncertain int           `json:"uncertain" yaml:"uncertain"` // writes at a time whose outcome the dependency leaves open
	Pool      int           `json:"pool" yaml:"pool"`           // requests at a time that fill a pool of connections, and use it when they have ended

	HealthPoll time.Duration `json:"health_poll_ns" yaml:"health_poll"` // between two looks at live and ready
}

// Standard is the policy of a service that said nothing. The numbers come from the protocols that were tried while
// the prover was designed: effects are large where a guarantee is missing, so none of them needs to be tight.
func Standard() Policy {
	t := func(d time.Duration) Time { return Time{Value: d, Source: Default} }
	return Policy{
		Header: t(15 * time.Second), Body: t(35 * time.Second),
		IdleMin: t(5 * time.Second), IdleMax: t(180 * time.Second),
		Memory:   Bytes{Value: 32 << 20, Source: Default},
		Deadline: t(10 * time.Second), Cancel: t(time.Second),
		Goodput2: Ratio{Value: 0.8, Source: Default}, Goodput5: Ratio{Value: 0.7, Source: Default},
		Refusal: t(250 * time.Millisecond), Recover: t(5 * time.Second),
		ReadyOff: t(time.Second), Exit: t(25 * time.Second),
		HealthFlip: t(10 * time.Second), HealthAnswer: t(2 * time.Second),
		ConfigExit:    t(5 * time.Second),
		Amplification: Ratio{Value: 1.11, Source: Default}, BreakerOpen: t(5 * time.Second), BreakerCalls: Ratio{Value: 0.2, Source: Default},
		Return: t(2 * time.Second), Herd: Ratio{Value: 1.2, Source: Default}, Isolation: t(250 * time.Millisecond),
		Plan: standardPlan(),
	}
}

func standardPlan() Plan {
	return Plan{
		Connections: 8, Drip: time.Second, IdleWatch: 95 * time.Second,
		Oversize: 64 << 20,
		Cancels:  20,
		Slots:    10, Hold: 20 * time.Millisecond, Patience: time.Second,
		Window: 3 * time.Second, Multiples: []float64{2, 5}, Blocks: 3,
		DrainConnections: 64, DrainRate: 400, DrainTraffic: 2 * time.Second, DrainRounds: 2,
		RouterPoll: 100 * time.Millisecond, RouterLag: 100 * time.Millisecond, RouterBlind: 20 * time.Millisecond,
		Ordinary: 50, Warm: 3 * time.Second, Broken: 2 * time.Second, Mended: 4 * time.Second, Flap: time.Second,
		Uncertain: 4, Pool: 8,
		HealthPoll: 100 * time.Millisecond,
	}
}
