package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// meet starts the service for the first time, hears what it promises of itself, and sees that its operations work. Nothing
// else is worth trying when that fails.
func (s *Session) meet(ctx context.Context) error {
	s.opt.Say("starting " + s.spec.Name)
	in, err := s.launch(ctx, "meet", shape{})
	if err != nil {
		return err
	}
	defer in.stop()
	s.hear(ctx, in)
	judged, err := json.Marshal(s.Policy())
	if err != nil {
		return fmt.Errorf("record policy: %w", err)
	}
	s.add(ctx, run.Judged{Policy: judged})
	for _, op := range s.spec.Operations {
		exchange, err := in.do(ctx, op)
		switch {
		case ctx.Err() != nil:
			return ErrInterrupted
		case err != nil:
			return &NotReadyError{Err: fmt.Errorf("the service is up, but operation %s can't be done: %w", op.Name, err)}
		case !exchange.Response.Complete || exchange.Response.Status >= 400:
			return &NotReadyError{Err: fmt.Errorf("the service is up, but operation %s fails: %s; mend its request in plimsoll.yaml, or what %s",
				op.Name, describe(exchange.Response.Status, exchange.Failure, exchange.Response.Body), "the dependencies respond")}
		}
	}
	return nil
}

func describe(status int, failure string, body []byte) string {
	if status == 0 {
		return failure
	}
	text := strings.Join(strings.Fields(string(body[:min(len(body), 200)])), " ")
	return fmt.Sprintf("it answered %d %s", status, text)
}

// manifest is the part of a Plimsoll service's /manifest that limits come from. The form's version is checked: a number
// that is misread would be attacked as if it had been promised.
type manifest struct {
	Schema int `json:"schema"`
	Limits struct {
		DeadlineMS      int64 `json:"deadline_ms"`
		HeaderTimeoutMS int64 `json:"header_timeout_ms"`
		IdleTimeoutMS   int64 `json:"idle_timeout_ms"`
		DrainLagMS      int64 `json:"drain_lag_ms"`
		DrainMS         int64 `json:"drain_ms"`
	} `json:"limits"`
	Routes []struct {
		Pattern  string `json:"pattern"`
		BudgetMS int64  `json:"budget_ms"`
	} `json:"routes"`
}

// exitGrace is what a process may take for its end beyond its lag and its drain.
const exitGrace = 2 * time.Second

// hear takes in the numbers that a Plimsoll service publishes; other services publish none.
func (s *Session) hear(ctx context.Context, in *instance) {
	if in.admin == "" {
		return
	}
	m, ok := fetchManifest(ctx, in.admin)
	if !ok || m.Schema != 1 {
		return
	}
	numbers := m.numbers(s.spec.Operations[0].Request.Method, s.spec.Operations[0].Request.Path)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.policy
	p.Apply(policy.Manifest, numbers)
	p.Apply(policy.Spec, s.spec.Limits) // plimsoll.yaml has the last word
	s.policy = p
}

func fetchManifest(ctx context.Context, addr string) (manifest, bool) {
	ctx, cancel := context.WithTimeout(ctx, ordinary)
	defer cancel()
	var m manifest
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/manifest", nil)
	if err != nil {
		return m, false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return m, false
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return m, false
	}
	return m, json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&m) == nil
}

// numbers turns what is published into limits. The deadline is that of the route that serves the request, the body's is
// the same: a Plimsoll service's deadline covers the body.
func (m manifest) numbers(method, path string) policy.Numbers {
	ms := func(n int64) *time.Duration {
		if n <= 0 {
			return nil
		}
		d := time.Duration(n) * time.Millisecond
		return &d
	}
	budget := ms(m.Limits.DeadlineMS)
	if own := ms(m.budget(method, path)); own != nil {
		budget = own
	}
	n := policy.Numbers{Header: ms(m.Limits.HeaderTimeoutMS), Body: budget, Deadline: budget, IdleMax: ms(m.Limits.IdleTimeoutMS)}
	if m.Limits.DrainMS > 0 {
		exit := time.Duration(m.Limits.DrainLagMS+m.Limits.DrainMS)*time.Millisecond + exitGrace
		n.Exit = &exit
	}
	return n
}

// budget is that of the published route that would serve the request; 0: none is known. Patterns are net/http's.
func (m manifest) budget(method, path string) int64 {
	mux := http.NewServeMux()
	budgets := make(map[string]int64)
	for _, r := range m.Routes {
		if r.Pattern == "" || budgets[r.Pattern] != 0 || r.BudgetMS <= 0 {
			continue
		}
		if registered(mux, r.Pattern) {
			budgets[r.Pattern] = r.BudgetMS
		}
	}
	target, err := url.Parse(path)
	if err != nil {
		return 0
	}
	_, pattern := mux.Handler(&http.Request{Method: method, URL: target, Host: "localhost"})
	return budgets[pattern]
}

// registered adds a pattern to the mux; one that net/http does not take is left out.
func registered(mux *http.ServeMux, pattern string) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	mux.Handle(pattern, http.NotFoundHandler())
	return true
}
