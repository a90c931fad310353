package postgres

import (
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestJitterStaysWithinTenPercent(t *testing.T) {
	assert.Equal(t, jitter(10*time.Minute, 0), 9*time.Minute)
	assert.Equal(t, jitter(10*time.Minute, 0.5), 10*time.Minute)
	assert.AtMost(t, jitter(10*time.Minute, 0.999), 11*time.Minute)
}

func TestTheZeroConfigIsComplete(t *testing.T) {
	assert.Equal(t, Config{}.withDefaults(),
		Config{MaxOpen: 10, IdleTime: 5 * time.Minute, Lifetime: 30 * time.Minute, Connect: 5 * time.Second, Grace: 250 * time.Millisecond, Replace: time.Second, Name: "database"})
	set := Config{MaxOpen: 1, IdleTime: 2, Lifetime: 3, Connect: 4, Grace: 5, Replace: 6, Name: "orders", Application: "orders"}
	assert.Equal(t, set.withDefaults(), set)
}
