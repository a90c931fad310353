package intake

import (
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestSpareMemoryIsUsedAgainAndBounded(t *testing.T) {
	s := spare{most: 3 * upFront}
	first := s.take(upFront)
	assert.Equal(t, cap(first), upFront)
	first = append(first, "what the last body held"...)
	s.put(first)
	again := s.take(upFront)
	assert.Len(t, again, 0)
	assert.True(t, &again[:1][0] == &first[0], "it was not the same memory")

	for range 3 {
		s.put(make([]byte, 0, 2*upFront)) // there is room for one
	}
	assert.Equal(t, s.held, 2*upFront)
	s.put(again)
	assert.Equal(t, s.held, 3*upFront)
	assert.Equal(t, cap(s.take(2*upFront)), 2*upFront)
	assert.Equal(t, cap(s.take(2*upFront)), 2*upFront)
	assert.Equal(t, s.held, upFront)
}

func TestSpareMemoryHasFewSizes(t *testing.T) {
	s := spare{most: 1 << 30}
	for _, size := range []int{0, 1, upFront - 1, upFront + 1, 3 * upFront, 2 * DefaultSmall} {
		s.put(make([]byte, size))
		assert.Equal(t, s.held, 0, size)
		assert.Equal(t, cap(s.take(int64(size))), size)
	}
	s.put(make([]byte, DefaultSmall))
	assert.Equal(t, s.held, DefaultSmall)
}

// Bodies that are refused, one after the other, take the memory of one.
func TestRefusedBodiesLeaveTheirMemory(t *testing.T) {
	p := NewPool(0)
	refuse := func() {
		m := &memory{pool: p}
		whole, err := m.fill(endless{}, -1, DefaultSmall)
		assert.NoError(t, err)
		assert.False(t, whole)
		m.discard()
	}
	refuse()
	kept := p.spare.held
	assert.Equal(t, kept, 2*DefaultSmall-upFront)           // 4 KiB and all its doubles
	assert.AtMost(t, testing.AllocsPerRun(10, refuse), 1.0) // the body itself, and none of its memory
	assert.Equal(t, p.spare.held, kept)
	assert.Equal(t, p.Held(), 0)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
