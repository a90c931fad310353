package main

import (
	"context"
	"strings"
)

// experiment is one thing that everybody goes through.
type experiment struct {
	name string
	load float64
	run  func(context.Context, *arena, contender, int) ([]window, error)
}

// experiments are all of them, in their order.
func experiments() (all []experiment) {
	for _, w := range workloads() {
		for _, load := range w.loads {
			all = append(all, experiment{w.Name, load, func(ctx context.Context, a *arena, c contender, round int) ([]window, error) {
				return a.measure(ctx, c, w, load, round)
			}})
		}
	}
	single := func(name string, load float64, run func(*arena, context.Context, contender, int) (window, error)) {
		all = append(all, experiment{name, load, func(ctx context.Context, a *arena, c contender, round int) ([]window, error) {
			x, err := run(a, ctx, c, round)
			return []window{x}, err
		}})
	}
	single(stalled().Name, stallLoad, (*arena).stall)
	single(flood().Name, floodLoad, (*arena).flooded)
	return all
}

// wanted says whether the command line asks for it.
func (e experiment) wanted(o options) bool {
	return strings.Contains(e.name, o.only) && (o.load == 0 || o.load == e.load)
}
