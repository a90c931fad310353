package stream

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestAPoolIsNeverOverfull(t *testing.T) {
	p := NewPool(2)
	assert.True(t, p.Enter())
	assert.True(t, p.Enter())
	assert.False(t, p.Enter())
	assert.Equal(t, p.Open(), 2)
	p.Leave()
	assert.True(t, p.Enter())
	assert.Equal(t, p.Most(), 2)
}

// told notes what a Writer calls, in order.
type told struct{ events []string }

func (l *told) writer(w http.ResponseWriter) *Writer {
	note := func(event string) { l.events = append(l.events, event) }
	return &Writer{
		ResponseWriter: w, End: time.Now().Add(time.Minute),
		Begun: func(status int) { note("begun " + http.StatusText(status)) },
		Taken: func() { note("taken") },
		Left:  func() { note("left") },
	}
}

func TestAnAnswerBeginsOnceItsHeaderDoes(t *testing.T) {
	var l told
	w := l.writer(httptest.NewRecorder())
	w.WriteHeader(http.StatusEarlyHints)
	assert.Len(t, l.events, 0)
	w.WriteHeader(http.StatusOK)
	assert.Equal(t, l.events, []string{"begun OK"})
}

func TestAConnectionThatIsTakenOverIsLeftOnce(t *testing.T) {
	var l told
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(done)
		conn, _, err := http.NewResponseController(l.writer(w)).Hijack()
		assert.NoError(t, err)
		assert.Equal(t, l.events, []string{"begun Switching Protocols", "taken"})
		_ = conn.Close()
		_ = conn.Close()
	}))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	assert.NoError(t, err)
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	assert.NoError(t, err)
	<-done
	_ = conn.Close()
	assert.Equal(t, l.events, []string{"begun Switching Protocols", "taken", "left"})
}

func TestAConnectionThatCannotBeTakenOverStays(t *testing.T) {
	var l told
	_, _, err := l.writer(httptest.NewRecorder()).Hijack()
	assert.True(t, errors.Is(err, http.ErrNotSupported))
	assert.Len(t, l.events, 0)
}
