package admission

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// joinFor is join for a tenant.
func (l *line) joinFor(name string, tenant uint64) {
	l.t.Helper()
	ctx := within(l.t, time.Hour)
	go func() {
		p, err := l.c.AcquireFor(ctx, route.Critical, tenant)
		l.mu.Lock()
		defer l.mu.Unlock()
		if err != nil {
			l.events = append(l.events, name+":shed")
			return
		}
		l.events = append(l.events, name)
		l.held = append(l.held, p)
	}()
	synctest.Wait()
}

// One that came with twenty waits no longer than one of the twenty.
func TestTenantsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1, Queue: 40})
		for range 20 {
			l.joinFor("flood", 1)
		}
		l.joinFor("a", 2)
		l.joinFor("b", 3)
		for range 6 {
			l.free()
		}
		got := strings.Join(l.events, " ")
		assert.Equal(t, strings.Count(got, "flood"), 4, got)
		assert.Contains(t, got, "a")
		assert.Contains(t, got, "b")
		l.drain()
	})
}

// Who fills the queue makes room for who has nobody in it.
func TestAFloodIsEvictedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Config{Limit: 1, Queue: 4})
		for range 4 {
			l.joinFor("flood", 1)
		}
		l.joinFor("flood", 1)
		l.expect("flood:shed")
		l.joinFor("light", 2)
		l.expect("flood:shed")
		l.free()
		l.free()
		l.free()
		assert.Contains(t, strings.Join(l.events, " "), "light")
		l.drain()
	})
}

// A ring of flows stays one whatever is joined and removed.
func TestRing(t *testing.T) {
	c := &class{}
	var all []*lease
	for i := range uint64(100) {
		l := &lease{}
		c.push(l, c.hand(i%17))
		all = append(all, l)
	}
	for i := range all {
		if i%3 == 0 {
			c.remove(all[i])
		}
	}
	seen := 0
	for first := c.first(); first != nil; first = c.first() {
		c.served(first)
		c.remove(first)
		seen++
	}
	assert.Equal(t, seen, 66)
	assert.Zero(t, c.length)
	assert.Zero(t, c.active)
	assert.True(t, c.turn == nil)
}
