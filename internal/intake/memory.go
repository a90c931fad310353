package intake

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
)

// upFront is the most that is allocated before anything has arrived.
const upFront = 4 << 10

// memory is a body that was read whole.
type memory struct {
	bytes.Reader

	pool *Pool
	held atomic.Int64 // of the pool
	buf  []byte
	more [1]byte // where a byte too many is read to
}

// Close does nothing: the connection's body was read to its end.
func (*memory) Close() error { return nil }

// discard is release for a body that no handler has seen.
func (m *memory) discard() {
	m.pool.spare.put(m.buf)
	m.buf = nil
	m.release()
}

// release gives its memory back to the pool, once.
func (m *memory) release() { m.pool.give(m.held.Swap(0)) }

// fill reads src, which is length long or of unknown length (-1), to its end or
// until it has proved to be longer than most.
func (m *memory) fill(src io.Reader, length, most int64) (whole bool, err error) {
	size := int64(upFront)
	if length >= 0 {
		size = min(size, length)
	}
	if err := m.grow(min(size, most)); err != nil {
		return false, err
	}
	for {
		if len(m.buf) == cap(m.buf) {
			if int64(len(m.buf)) == most || int64(len(m.buf)) == length {
				return m.ends(src)
			}
			if err := m.grow(m.next(length, most)); err != nil {
				return false, err
			}
		}
		n, err := src.Read(m.buf[len(m.buf):cap(m.buf)])
		m.buf = m.buf[:len(m.buf)+n]
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// next is the size to grow to. A length that was promised is believed by a factor
// of four of what has arrived, so that a promise alone takes no memory.
func (m *memory) next(length, most int64) int64 {
	size := int64(cap(m.buf))
	if length >= 0 {
		return min(4*size, length)
	}
	return min(2*size, most)
}

func (m *memory) grow(size int64) error {
	if !m.pool.take(size - m.held.Load()) {
		return errExhausted
	}
	m.held.Store(size)
	buf := append(m.pool.spare.take(size), m.buf...)
	m.pool.spare.put(m.buf)
	m.buf = buf
	return nil
}

// ends says whether src has come to its end. If not, the byte that shows it is
// kept.
func (m *memory) ends(src io.Reader) (bool, error) {
	for {
		n, err := src.Read(m.more[:])
		switch {
		case n > 0:
			return false, nil
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return false, err
		}
	}
}
