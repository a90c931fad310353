package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// url is the dependency's; the network in memory has no other.
const url = memhttp.URL

// subject is one way to make the call.
type subject struct {
	name      string
	transport http.RoundTripper
}

// start makes the dependency and the ways to call it, the bare one first.
func start() (subjects []subject, stop func(), err error) {
	network := memhttp.Listen()
	go serve(network)
	where, err := config.ParseURL(url)
	if err != nil {
		return nil, nil, err
	}
	tel, err := telemetry.New(telemetry.Config{Service: "bench", Output: io.Discard})
	if err != nil {
		return nil, nil, err
	}
	bare := func() *http.Transport {
		return &http.Transport{DialContext: network.Dial, MaxIdleConnsPerHost: 256, MaxConnsPerHost: 256}
	}
	with := func(c outbound.Config) http.RoundTripper {
		c.Name, c.URL, c.Dial = "dependency", where, network.Dial
		return outbound.Transport(c)
	}
	retries := failsafehttp.NewRetryPolicyBuilder().WithMaxRetries(2).WithBackoff(25*time.Millisecond, 250*time.Millisecond).Build() //nolint:bodyclose // there is no response yet
	breaker := circuitbreaker.NewBuilder[*http.Response]().WithFailureRateThreshold(0.5, 20, 10*time.Second).Build()                 //nolint:bodyclose // there is no response yet
	stop = func() {
		_ = network.Close()
		_ = tel.Shutdown(context.Background())
	}
	return []subject{
		{"a bare http.Transport", bare()},
		{"outbound, with telemetry, the ledger, hedging and everything else on", with(outbound.Config{Telemetry: tel, Hedge: true})},
		{"outbound, without telemetry", with(outbound.Config{Hedge: true})},
		{"outbound, one attempt, no breaker, no throttle, no bulkhead", with(outbound.Config{
			Attempts: 1, Breaker: outbound.Off, Throttle: outbound.Off, Bulkhead: "off"})},
		{"a deadline of its own for each call, and nothing else", deadline{bare()}},
		{"failsafe-go: retry and breaker", failsafehttp.NewRoundTripper(bare(), retries, breaker)},
		{"failsafe-go: retry alone", failsafehttp.NewRoundTripper(bare(), failsafe.Policy[*http.Response](retries))},
		{"hashicorp/go-retryablehttp", retryable(bare())},
	}, stop, nil
}

// deadline is what the least careful client has.
type deadline struct{ next http.RoundTripper }

func (d deadline) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	res, err := d.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = &ending{res.Body, cancel}
	return res, nil
}

type ending struct {
	io.ReadCloser
	end context.CancelFunc
}

func (e *ending) Close() error { defer e.end(); return e.ReadCloser.Close() }

func retryable(next http.RoundTripper) http.RoundTripper {
	c := retryablehttp.NewClient()
	c.HTTPClient.Transport, c.RetryMax, c.Logger = next, 2, slog.New(slog.DiscardHandler)
	return &retryablehttp.RoundTripper{Client: c}
}

// answer is what the dependency says to every request.
const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"id\":\"7\"}"

// serve answers each read, which has a whole request in it, without looking at it.
func serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		go func() {
			request, text := make([]byte, 8<<10), []byte(answer)
			for {
				if _, err := conn.Read(request); err != nil {
					return
				}
				if _, err := conn.Write(text); err != nil {
					return
				}
			}
		}()
	}
}
