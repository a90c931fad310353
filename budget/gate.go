package budget

import "sync/atomic"

// gate lets calls through until it is shut, and knows when the last of those has left. It has no lock to wait on:
// waiting is for a channel, which testing/synctest understands.
type gate struct {
	state atomic.Uint32 // how many calls are inside, and shutBit
	left  chan struct{} // closed when the last has left; set before shutBit, nil when nobody was inside
}

const shutBit = 1 << 31

// enter reports whether the call may go on; then it must leave.
func (g *gate) enter() bool {
	for {
		state := g.state.Load()
		if state&shutBit != 0 {
			return false
		}
		if g.state.CompareAndSwap(state, state+1) {
			return true
		}
	}
}

func (g *gate) leave() {
	if g.state.Add(^uint32(0)) == shutBit && g.left != nil {
		close(g.left)
	}
}

// shut lets no further call in. It returns a channel that is closed when the last call has left, nil when none is
// inside. Only one goroutine shuts a gate.
func (g *gate) shut() <-chan struct{} {
	for {
		state := g.state.Load()
		if state&shutBit != 0 {
			return g.left
		}
		if g.left = nil; state > 0 {
			g.left = make(chan struct{})
		}
		if g.state.CompareAndSwap(state, state|shutBit) {
			return g.left
		}
	}
}
