package intake

import (
	"math/bits"
	"sync"
)

// spare keeps memory that bodies grew out of, or were refused with, for the next
// ones: who sends too much, again and again, does not make the heap grow by
// garbage. No handler has seen it, so none can still be reading it.
type spare struct {
	most int64 // bytes

	mu   sync.Mutex
	held int64
	kept [spareSizes][][]byte // by size, the powers of two from upFront to DefaultSmall
}

const (
	spareSizes = 9
	spareShare = 8 // one part in so many of the pool's limit is kept
)

// spareIndex is where memory of so many bytes is kept, if it is.
func spareIndex(bytes int) (index int, ok bool) {
	if bytes < upFront || bytes&(bytes-1) != 0 {
		return 0, false
	}
	index = bits.Len(uint(bytes/upFront)) - 1
	return index, index < spareSizes
}

// take is empty memory of the size.
func (s *spare) take(bytes int64) []byte {
	if i, ok := spareIndex(int(bytes)); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		if n := len(s.kept[i]); n > 0 {
			b := s.kept[i][n-1]
			s.kept[i] = s.kept[i][:n-1]
			s.held -= bytes
			return b
		}
	}
	return make([]byte, 0, bytes)
}

// put is for memory that nobody uses any more.
func (s *spare) put(b []byte) {
	i, ok := spareIndex(cap(b))
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held+int64(cap(b)) <= s.most {
		s.held += int64(cap(b))
		s.kept[i] = append(s.kept[i], b[:0])
	}
}
