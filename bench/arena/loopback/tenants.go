package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
)

// tenantHeader tells tenants apart.
const tenantHeader = "Tenant"

// tenantOf is a hash of the request's tenant; 0: nobody in particular.
func tenantOf(r *http.Request) uint64 {
	name := r.Header.Get(tenantHeader)
	if name == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return h.Sum64()
}

// One tenant sends nine tenths of what comes, and each of the others as much as the
// next.
const (
	lightTenants = 9
	heavyShare   = 0.9
	floodLoad    = 3
)

// flood is the workload of one tenant that floods the service. All are of one
// class.
func flood() workload {
	return workload{Name: "tenants", Slots: 10, Work: 20 * time.Millisecond, Budget: 200 * time.Millisecond}
}

// floodMix is a request of each tenant, the heavy one first.
func floodMix(w workload) []load.Request {
	request := func(tenant string, weight float64) load.Request {
		return load.Request{Name: tenant, Weight: weight, Bytes: fmt.Appendf(nil,
			"GET /work HTTP/1.1\r\nHost: arena\r\nPlimsoll-Budget: %d\r\nPlimsoll-Class: critical\r\n%s: %s\r\n\r\n", w.Budget.Milliseconds(), tenantHeader, tenant)}
	}
	mix := []load.Request{request("heavy", heavyShare)}
	for i := range lightTenants {
		mix = append(mix, request(fmt.Sprintf("light-%d", i+1), (1-heavyShare)/lightTenants))
	}
	return mix
}

// flooded measures what the light tenants get of what they ask for.
func (a *arena) flooded(ctx context.Context, c contender, round int) (window, error) {
	w := flood()
	p, err := launch(job{Contender: c.name, Workload: w})
	if err != nil {
		return window{}, err
	}
	parts := []part{{warmUp, warmUp + length, false}}
	var res *load.Result
	marks, err := watch(p, parts, func() (err error) {
		res, err = load.Run(ctx, load.Plan{
			Target: p.Addr, Mix: floodMix(w), Rate: floodLoad * w.capacity(w.Work), Duration: parts[0].to,
			Seed: a.seed + uint64(round), Deadline: w.Budget + lingers, Conns: fewConns, Reuse: load.LIFO,
		})
		return err
	})
	last, stopErr := p.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return window{}, fmt.Errorf("%s: %w", c.name, err)
	}
	span := res.Window(parts[0].from, parts[0].to)
	validity := span.Validity(0)
	return window{
		Contender: c.name, Workload: w.Name, Load: floodLoad, Round: round,
		Score: score{
			Goodput: share(finishedIn(span, res.Rows, w.Budget), int(w.capacity(w.Work)*length.Seconds())),
			Light:   lightShare(span.Rows, w.Budget), Intended: len(span.Rows),
		},
		LagP99: ms(validity.LagP99), Invalid: invalid(validity, marks[0]), Machine: marks[0], Admission: last.Admission,
	}, nil
}

// lightShare is what the light tenants got of what they asked for.
func lightShare(rows []load.Row, budget time.Duration) float64 {
	asked, got := 0, 0
	for i := range rows {
		if rows[i].Route == 0 {
			continue
		}
		asked++
		if inTime(&rows[i], budget) {
			got++
		}
	}
	return share(got, asked)
}
