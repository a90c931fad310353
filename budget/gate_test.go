package budget

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestGate(t *testing.T) {
	var g gate
	assert.True(t, g.enter())
	assert.True(t, g.enter())
	g.leave()
	left := g.shut()
	assert.False(t, g.enter())
	select {
	case <-left:
		t.Fatal("somebody is inside")
	default:
	}
	assert.Equal(t, g.shut(), left)
	g.leave()
	<-left
	assert.False(t, g.enter())

	var empty gate
	assert.True(t, empty.shut() == nil)
	assert.False(t, empty.enter())
}

// After shut has returned and its channel is closed, nobody is inside, whoever runs when.
func TestGateUnderContention(t *testing.T) {
	for range 1000 {
		var g gate
		var inside atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for g.enter() {
					inside.Add(1)
					inside.Add(-1)
					g.leave()
				}
			})
		}
		if left := g.shut(); left != nil {
			<-left
		}
		assert.Equal(t, inside.Load(), 0)
		wg.Wait()
	}
}
