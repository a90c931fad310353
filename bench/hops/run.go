package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// simulate makes one run. It must be used inside a synctest bubble.
func simulate(p plan) (figures, error) {
	t := &tally{start: time.Now()}
	net := newNetwork()
	last := newSink(p, t)
	net.serve("sink", last)
	next := "sink"
	for hop := p.shape.hops; hop > 0; hop-- {
		width := 1
		if hop == 1 {
			width = p.shape.width
		}
		name := "service" + strconv.Itoa(hop)
		h, err := p.contender.service(net, name, next, width, t)
		if err != nil {
			return figures{}, fmt.Errorf("start %s: %w", name, err)
		}
		net.serve(name, h)
		next = name
	}
	time.AfterFunc(ordinary, func() { close(last.broke) })
	time.AfterFunc(ordinary+outage, func() { close(last.mend) })
	load(p, t, &http.Client{Transport: net.transport()}, "http://"+next+"/")
	time.Sleep(time.Minute) // for what is still under way
	if err := net.close(); err != nil {
		return figures{}, err
	}
	return figuresOf(p, t), nil
}

// patient is how long the client waits for an answer that should be there at the end of the budget.
const patient = 10 * time.Second

// load sends requests as independent users do, and waits for all answers.
func load(p plan, t *tally, client *http.Client, url string) {
	rng := rand.New(rand.NewPCG(p.seed, 1))
	var users sync.WaitGroup
	end := ordinary + outage + after
	for at := time.Duration(0); ; {
		at += time.Duration(rng.ExpFloat64() / p.shape.rate * float64(time.Second))
		if at >= end {
			break
		}
		time.Sleep(at - t.now())
		users.Go(func() {
			q, id := t.arrive()
			t.answer(q, ask(client, url, id))
		})
	}
	users.Wait()
}

// ask sends one request with its budget and reads the answer.
func ask(client *http.Client, url, id string) (good bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	r.Header.Set(idHeader, id)
	r.Header.Set("Plimsoll-Budget", strconv.FormatInt(allowed.Milliseconds(), 10))
	res, err := client.Do(r)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err == nil && res.StatusCode == http.StatusOK
}
