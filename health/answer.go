package health

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// contentType and the members of [answer] follow draft-inadarei-api-health-check-06. The decision is the status code;
// the body is for people.
const contentType = "application/health+json"

// The states of the draft: pass and warn are answered with 200, fail with 503.
const (
	pass = "pass"
	warn = "warn"
	fail = "fail"
)

type answer struct {
	Status string                   `json:"status"`
	Output string                   `json:"output,omitempty"`
	Checks map[string][]observation `json:"checks,omitempty"`
}

type observation struct {
	Status string  `json:"status"`
	Output string  `json:"output,omitempty"`
	Value  float64 `json:"observedValue"` // how long the component took to answer
	Unit   string  `json:"observedUnit"`
	Time   string  `json:"time"`
}

// Live answers 200 as long as the process can answer at all. It takes no lock and asks nobody.
func (h *Health) Live() http.Handler {
	return get(func(w http.ResponseWriter, _ *http.Request) { write(w, answer{Status: pass}) })
}

// Ready answers 200 when the service should be sent requests, and 503 with the cause when it should not: while it
// starts, while it drains, and while a component that is not optional is down. An optional one that is down is shown.
// The answer takes no longer than one check.
func (h *Health) Ready() http.Handler {
	return get(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case h.draining.Load():
			write(w, answer{Status: fail, Output: "draining"})
		case !h.started.Load():
			write(w, answer{Status: fail, Output: "starting"})
		default:
			h.ask(w, r)
		}
	})
}

// ask asks all components side by side and writes what they say.
func (h *Health) ask(w http.ResponseWriter, r *http.Request) {
	checks := h.snapshot()
	waits := make([]<-chan struct{}, len(checks))
	for i, c := range checks {
		waits[i] = c.ask()
	}
	for _, answered := range waits {
		select {
		case <-answered:
		case <-r.Context().Done(): // the checks go on, for the next one
			write(w, answer{Status: fail, Output: "the probe ended before there was an answer"}) // silence would be a 200
			return
		}
	}
	if h.draining.Load() { // since the question was put
		write(w, answer{Status: fail, Output: "draining"})
		return
	}
	write(w, summary(checks))
}

func summary(checks []*check) answer {
	a := answer{Status: pass, Checks: make(map[string][]observation, len(checks))}
	var down []string
	for _, c := range checks {
		o := c.observe()
		a.Checks[c.component.Name] = append(a.Checks[c.component.Name], o)
		switch o.Status {
		case fail:
			a.Status = fail
		case warn:
			if a.Status == pass {
				a.Status = warn
			}
		case pass:
			continue
		}
		down = append(down, c.component.Name)
	}
	if len(down) > 0 {
		slices.Sort(down)
		a.Output = "down: " + strings.Join(slices.Compact(down), ", ")
	}
	return a
}

// observe renders the last result.
func (c *check) observe() observation {
	last := c.result()
	o := observation{Status: pass, Unit: "ms", Value: float64(last.took.Microseconds()) / 1000,
		Time: last.at.UTC().Format(time.RFC3339Nano)}
	if last.err != nil {
		o.Status, o.Output = fail, cause(last.err, c.owner.config.Timeout)
		if c.component.Optional {
			o.Status = warn
		}
	}
	if detail := c.component.Detail; detail != nil {
		if text := detail(); o.Output == "" || text == "" {
			o.Output += text
		} else {
			o.Output += "; " + text
		}
	}
	return o
}

// get lets GET and HEAD through: a probe asks, it does not change anything.
func get(serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		serve(w, r)
	})
}

func write(w http.ResponseWriter, a answer) {
	body, err := json.Marshal(a)
	status := http.StatusOK
	if a.Status == fail || err != nil {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // who does not read the answer has the status
}
