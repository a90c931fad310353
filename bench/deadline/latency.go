package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/problem"
)

const (
	limit  = 250 * time.Millisecond
	target = 25 * time.Millisecond // p99 of the complete answer, after the budget
)

// kind is a kind of request and its server.
type kind struct {
	name    string
	body    bool // the client sends one, and does not finish
	handler http.Handler
}

// kinds begin with the control, which needs no middleware to answer in time: what it is late by is the machine's, the
// client's and the timer's doing. The others never answer by themselves; they return a while after their request.
func kinds() []kind {
	enforce := budget.Middleware(budget.Config{Limit: limit})
	return []kind{
		{"control: answers by itself", false, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(limit)
			problem.Write(w, r, problem.New(problem.Deadline, "by itself"))
		})},
		{"sleeps, ignores its context", false, enforce(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			time.Sleep(4 * limit)
		}))},
		{"blocked in Body.Read", true, enforce(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // it fails in the end
		}))},
	}
}

// quantile of sorted values, the nearest rank.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// measureLatency prints how long after its budget a stuck request has its complete answer.
func measureLatency(requests, parallel int) error {
	fmt.Printf("latency: %d requests of each kind, %d at a time, budget %v; complete 504 minus budget\n\n", requests, parallel, limit)
	fmt.Printf("%-9s %-28s %8s %8s %8s   target p99 %v\n", "", "handler", "p50 ms", "p99 ms", "max ms", target)
	for _, h2 := range []bool{false, true} {
		for _, k := range kinds() {
			name := map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[h2]
			late, err := lateness(k, h2, requests, parallel)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", name, k.name, err)
			}
			slices.Sort(late)
			ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
			verdict := "met"
			if quantile(late, 0.99) > target {
				verdict = "missed"
			}
			fmt.Printf("%-9s %-28s %8.2f %8.2f %8.2f   %s\n", name, k.name,
				ms(quantile(late, 0.5)), ms(quantile(late, 0.99)), ms(late[len(late)-1]), verdict)
		}
	}
	fmt.Println()
	return nil
}

func lateness(k kind, h2 bool, requests, parallel int) ([]time.Duration, error) {
	server := httptest.NewUnstartedServer(k.handler)
	if h2 {
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	defer server.Close()
	client := server.Client()
	if transport, ok := client.Transport.(*http.Transport); ok {
		transport.MaxIdleConnsPerHost = parallel
	}
	if err := warm(client, server.URL); err != nil {
		return nil, err
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		late []time.Duration
		errs []error
	)
	slots := make(chan struct{}, parallel)
	for range requests {
		slots <- struct{}{}
		wg.Go(func() {
			d, err := once(client, server.URL, k.body)
			<-slots
			mu.Lock()
			defer mu.Unlock()
			late, errs = append(late, d-limit), append(errs, err)
		})
	}
	wg.Wait()
	return late, errors.Join(errs...)
}

// warm makes the connection that HTTP/2 requests will share: else each of the first ones makes one, and the figures are
// of TLS handshakes.
func warm(client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set(budget.Header, "0") // answered at once
	res, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return errors.Join(err, res.Body.Close())
}

// once sends one request and returns how long its complete answer took.
func once(client *http.Client, url string, body bool) (time.Duration, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	if body {
		reader, writer := io.Pipe()
		defer func() { _ = writer.Close() }()                                  // a pipe's never fails
		go func() { _, _ = writer.Write([]byte("the beginning of a body")) }() // the rest never comes
		request.Body = reader
	}
	start := time.Now()
	res, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(res.Body)
	took := time.Since(start)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return 0, fmt.Errorf("half an answer: %w", err)
	}
	if res.StatusCode != http.StatusGatewayTimeout || !json.Valid(text) {
		return 0, fmt.Errorf("not a 504: %s %q", res.Status, text)
	}
	return took, nil
}
