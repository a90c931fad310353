package postgres

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestStep(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{
		1:                                10 * time.Millisecond,
		10 * time.Millisecond:            10 * time.Millisecond,
		10*time.Millisecond + 1:          13 * time.Millisecond,
		81 * time.Millisecond:            100 * time.Millisecond,
		250 * time.Millisecond:           250 * time.Millisecond,
		499900 * time.Microsecond:        500 * time.Millisecond,
		5 * time.Second:                  5 * time.Second,
		100 * time.Hour:                  longest,
		time.Duration(1<<63 - 1):         longest,
		3*time.Second + time.Microsecond: 3200 * time.Millisecond,
	} {
		assert.Equal(t, step(left), want, left)
	}
	for left := 10 * time.Millisecond; left < longest; left += left/97 + 1 {
		d := step(left)
		assert.True(t, d >= left && float64(d) < 1.34*float64(left), "%s of %s", d, left)
		assert.Zero(t, d%time.Millisecond)
	}
}

// message is one of the server's.
func message(kind byte, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(body))), body...)
}

func TestAheadTakesItsAnswerOut(t *testing.T) {
	notice := message('N', "careful")
	answer := bytes.Join([][]byte{notice, message('C', "SET\x00"), message('Z', "I"), message('2', ""), message('Z', "I")}, nil)
	for name, from := range map[string]io.Reader{"at once": bytes.NewReader(answer), "in bytes": iotest.OneByteReader(bytes.NewReader(answer))} {
		var sent bytes.Buffer
		a := &ahead{from: from, to: &sent}
		a.send(setTimeout(250 * time.Millisecond))
		n, err := a.Write([]byte("bind"))
		assert.NoError(t, err, name)
		assert.Equal(t, n, 4, name)
		assert.Equal(t, sent.String(), string(message('Q', "SET statement_timeout TO 250\x00"))+"bind", name)
		got, err := io.ReadAll(a)
		assert.NoError(t, err, name)
		assert.Equal(t, string(got), string(notice)+string(message('2', ""))+string(message('Z', "I")), name)
		assert.False(t, a.refused, name)
	}
}

func TestAheadSeesARefusal(t *testing.T) {
	a := &ahead{from: bytes.NewReader(append(message('E', "no"), message('Z', "I")...)), to: io.Discard}
	a.send(setTimeout(0))
	_, err := a.Write([]byte("x"))
	assert.NoError(t, err)
	_, err = io.ReadAll(a)
	assert.NoError(t, err)
	assert.True(t, a.refused)
}

// Whatever the server sends, and in whatever pieces, the driver gets all of it
// but what belongs to the statement ahead.
func FuzzAhead(f *testing.F) {
	f.Add([]byte("C\x00\x00\x00\x04Z\x00\x00\x00\x05Irest"), uint8(3))
	f.Add([]byte("N\x00\x00\x00\x05xZ\x00\x00\x00\x05I"), uint8(1))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00"), uint8(2))
	f.Add([]byte("Z\xff\xff\xff\xff"), uint8(9))
	f.Fuzz(func(t *testing.T, answer []byte, piece uint8) {
		read := func(from io.Reader) (string, error) {
			a := &ahead{from: from, to: io.Discard}
			a.send(setTimeout(time.Second))
			_, err := a.Write([]byte("x"))
			assert.NoError(t, err)
			got, err := io.ReadAll(a)
			return string(got), err
		}
		whole, err := read(bytes.NewReader(answer))
		assert.NoError(t, err)
		assert.AtMost(t, len(whole), len(answer))
		pieces, err := read(&slices{answer, int(piece%16) + 1})
		assert.NoError(t, err)
		assert.Equal(t, pieces, whole)
	})
}

// slices reads in pieces of a size.
type slices struct {
	left []byte
	size int
}

func (s *slices) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.size)], s.left)
	s.left = s.left[n:]
	return n, nil
}
