package policy

import "time"

// Numbers is what a service says about its own limits, in its manifest or in plimsoll.yaml. Nil: nothing was said.
type Numbers struct {
	Header       *time.Duration `json:"header,omitempty" yaml:"header"`
	Body         *time.Duration `json:"body,omitempty" yaml:"body"`
	IdleMin      *time.Duration `json:"idle_min,omitempty" yaml:"idle_min"`
	IdleMax      *time.Duration `json:"idle_max,omitempty" yaml:"idle_max"`
	Memory       *Size          `json:"memory,omitempty" yaml:"memory"`
	Deadline     *time.Duration `json:"deadline,omitempty" yaml:"deadline"`
	Cancel       *time.Duration `json:"cancel,omitempty" yaml:"cancel"`
	Goodput2     *float64       `json:"goodput_2x,omitempty" yaml:"goodput_2x"`
	Goodput5     *float64       `json:"goodput_5x,omitempty" yaml:"goodput_5x"`
	Refusal      *time.Duration `json:"refusal,omitempty" yaml:"refusal"`
	Recover      *time.Duration `json:"recover,omitempty" yaml:"recover"`
	ReadyOff     *time.Duration `json:"ready_off,omitempty" yaml:"ready_off"`
	Exit         *time.Duration `json:"exit,omitempty" yaml:"exit"`
	HealthFlip   *time.Duration `json:"health_flip,omitempty" yaml:"health_flip"`
	HealthAnswer *time.Duration `json:"health_answer,omitempty" yaml:"health_answer"`
	ConfigExit   *time.Duration `json:"config_exit,omitempty" yaml:"config_exit"`

	Amplification *float64       `json:"amplification,omitempty" yaml:"amplification"`
	BreakerOpen   *time.Duration `json:"breaker_open,omitempty" yaml:"breaker_open"`
	BreakerCalls  *float64       `json:"breaker_calls,omitempty" yaml:"breaker_calls"`
	Return        *time.Duration `json:"return,omitempty" yaml:"return"`
	Herd          *float64       `json:"herd,omitempty" yaml:"herd"`
	Isolation     *time.Duration `json:"isolation,omitempty" yaml:"isolation"`
}

// Apply lays the numbers over the policy and marks them with their source.
func (p *Policy) Apply(source Source, n Numbers) {
	for _, field := range []struct {
		from *time.Duration
		to   *Time
	}{
		{n.Header, &p.Header}, {n.Body, &p.Body}, {n.IdleMin, &p.IdleMin}, {n.IdleMax, &p.IdleMax},
		{n.Deadline, &p.Deadline}, {n.Cancel, &p.Cancel}, {n.Refusal, &p.Refusal}, {n.Recover, &p.Recover},
		{n.ReadyOff, &p.ReadyOff}, {n.Exit, &p.Exit}, {n.HealthFlip, &p.HealthFlip},
		{n.HealthAnswer, &p.HealthAnswer}, {n.ConfigExit, &p.ConfigExit},
		{n.BreakerOpen, &p.BreakerOpen}, {n.Return, &p.Return}, {n.Isolation, &p.Isolation},
	} {
		if field.from != nil {
			*field.to = Time{Value: *field.from, Source: source}
		}
	}
	for _, field := range []struct {
		from *float64
		to   *Ratio
	}{
		{n.Goodput2, &p.Goodput2}, {n.Goodput5, &p.Goodput5},
		{n.Amplification, &p.Amplification}, {n.BreakerCalls, &p.BreakerCalls}, {n.Herd, &p.Herd},
	} {
		if field.from != nil {
			*field.to = Ratio{Value: *field.from, Source: source}
		}
	}
	if n.Memory != nil {
		p.Memory = Bytes{Value: *n.Memory, Source: source}
	}
}
