package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/plimsoll-go/plimsoll/outbound"
)

// ours is the contender that runs in all shapes and with all seeds; alone is the same without breaker and throttle, whose
// retries nothing bounds but their budget.
const (
	ours  = "plimsoll"
	alone = "plimsoll, no breaker"
)

// contender is a way to build a service that calls another.
type contender struct {
	name    string
	service build
}

// build makes the handler of a service.
type build func(n *network, name, next string, width int, t *tally) (http.Handler, error)

// contenders are all of them. Those that repeat make three attempts with pauses of 25 to 250 ms; each of the peers'
// attempts may take 1 s, which is what a request may.
func contenders() []contender {
	return []contender{
		{ours, plimsollService(outbound.Config{})},
		{alone, plimsollService(outbound.Config{Breaker: outbound.Off, Throttle: outbound.Off})},
		{"failsafe-go, budget", plain(failsafe)},
		{"retryablehttp", plain(retryable)},
		{"net/http, 3 attempts", plain(threeAttempts)},
		{"net/http", plain(bare)},
	}
}

// caller calls the next service and reads its answer.
type caller func(r *http.Request) (*http.Response, error)

// plain is a service on net/http that calls the next one with a client of its own.
func plain(client func(http.RoundTripper) caller) build {
	return func(n *network, _, next string, width int, t *tally) (http.Handler, error) {
		call := client(n.transport())
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q := t.of(r)
			defer t.left(q)
			err := together(r.Context(), width, func(ctx context.Context) error {
				return get(ctx, call, "http://"+next+"/", r.Header.Get(idHeader))
			})
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
			_, _ = io.WriteString(w, "{}\n") // to one who has left it makes no difference
		}), nil
	}
}

var errStatus = errors.New("not the status that was wanted")

// get reads an answer that must be good.
func get(ctx context.Context, call caller, url, id string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set(idHeader, id)
	res, err := call(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %d", errStatus, res.StatusCode)
	}
	return nil
}

// together makes several calls at a time and waits for all.
func together(ctx context.Context, width int, call func(context.Context) error) error {
	if width == 1 {
		return call(ctx)
	}
	errs := make([]error, width)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = call(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
