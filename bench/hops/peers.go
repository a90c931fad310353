package main

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp"
)

// What every client that repeats is told.
const (
	attempts   = 3
	firstPause = 25 * time.Millisecond
	longPause  = 250 * time.Millisecond
)

// bare is net/http's client with a timeout.
func bare(transport http.RoundTripper) caller {
	return (&http.Client{Transport: transport, Timeout: allowed}).Do
}

// threeAttempts is the loop that is written most often: again after an error or a 5xx, after a pause that doubles.
func threeAttempts(transport http.RoundTripper) caller {
	client := &http.Client{Transport: transport, Timeout: allowed}
	return func(r *http.Request) (*http.Response, error) {
		for attempt := 0; ; attempt++ {
			res, err := client.Do(r)
			if err == nil && res.StatusCode < http.StatusInternalServerError || attempt == attempts-1 || r.Context().Err() != nil {
				return res, err
			}
			if err == nil {
				drain(res)
			}
			pause := min(firstPause<<attempt, longPause)
			if !wait(r.Context(), pause/2+rand.N(pause)) { //nolint:gosec // a pause is no secret
				return nil, context.Cause(r.Context())
			}
		}
	}
}

func drain(res *http.Response) {
	_, _ = io.Copy(io.Discard, res.Body) // so that its connection is used again
	_ = res.Body.Close()
}

// failsafe is failsafe-go's retry policy for HTTP with its retry budget at a tenth.
func failsafe(transport http.RoundTripper) caller {
	policy := failsafehttp.NewRetryPolicyBuilder(). //nolint:bodyclose // a policy has no answer
							WithMaxAttempts(attempts).WithBackoff(firstPause, longPause).WithJitterFactor(0.5). //nolint:bodyclose // nor has it here
							WithBudget(budget.NewBuilder().WithMaxRate(0.1).Build()).Build()                    //nolint:bodyclose // nor here
	return (&http.Client{Transport: failsafehttp.NewRoundTripper(timeout{transport}, policy)}).Do
}

// retryable is hashicorp's client with the same attempts and pauses.
func retryable(transport http.RoundTripper) caller {
	client := retryablehttp.NewClient()
	client.HTTPClient = &http.Client{Transport: transport, Timeout: allowed}
	client.RetryMax, client.RetryWaitMin, client.RetryWaitMax = attempts-1, firstPause, longPause
	client.Logger = nil
	return client.StandardClient().Do
}

// timeout ends an attempt, its body included, as http.Client's Timeout does for all of them together.
type timeout struct{ inner http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t timeout) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), allowed)
	res, err := t.inner.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = &ending{res.Body, cancel}
	return res, nil
}

type ending struct {
	io.ReadCloser
	end func()
}

// Close implements [io.Closer].
func (e *ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}
