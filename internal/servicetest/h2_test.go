package servicetest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/route"
)

// The frames of HTTP/2 that a test needs (RFC 9113 §6).
const (
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	framePing     = 6
	ack           = 1
	endStream     = 1
	endHeaders    = 4
)

// h2 is a client that says what a test wants, over HTTP/2 by prior knowledge.
type h2 struct {
	t    *testing.T
	conn net.Conn
}

// dialH2 begins a connection with the settings, as identifiers and values.
func dialH2(t *testing.T, addr string, settings ...uint32) *h2 {
	t.Helper()
	c := &h2{t: t, conn: dial(t, addr)}
	_, err := io.WriteString(c.conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	assert.NoError(t, err)
	var payload []byte
	for i := 0; i+1 < len(settings); i += 2 {
		payload = binary.BigEndian.AppendUint16(payload, uint16(settings[i]))
		payload = binary.BigEndian.AppendUint32(payload, settings[i+1])
	}
	c.write(frameSettings, 0, 0, payload)
	return c
}

func (c *h2) write(kind, flags byte, stream uint32, payload []byte) {
	c.t.Helper()
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	frame = binary.BigEndian.AppendUint32(append(frame, flags), stream)
	_, err := c.conn.Write(append(frame, payload...))
	assert.NoError(c.t, err)
}

// get asks for a path of less than 127 bytes.
func (c *h2) get(stream uint32, path string) {
	c.t.Helper()
	const method, scheme, authority, pathName = 0x82, 0x86, 0x01, 0x04 // of HPACK's static table
	block := append([]byte{method, scheme, authority, 1, 'x', pathName, byte(len(path))}, path...)
	c.write(frameHeaders, endStream|endHeaders, stream, block)
}

// until reads to a frame of the kind on the stream. Pings are answered.
func (c *h2) until(kind byte, stream uint32) {
	c.t.Helper()
	for {
		head := make([]byte, 9)
		_, err := io.ReadFull(c.conn, head)
		assert.NoError(c.t, err, "waiting for a frame")
		payload := make([]byte, binary.BigEndian.Uint32(head)>>8)
		_, err = io.ReadFull(c.conn, payload)
		assert.NoError(c.t, err)
		if head[3] == framePing && head[4]&ack == 0 {
			c.write(framePing, ack, 0, payload)
		}
		if head[3] == kind && binary.BigEndian.Uint32(head[5:]) == stream {
			return
		}
	}
}

// A client that opens no window takes nothing, however healthy its connection.
func TestAClientThatTakesNothingOverH2IsCut(t *testing.T) {
	s := start(t, func(ctx context.Context, svc *plimsoll.Service, c empty) error {
		svc.HandleFunc("GET /stream", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "short") }, route.Stream(time.Hour))
		return hostile(ctx, svc, c)
	}, "PLIMSOLL_WRITE_STALL=100ms", "PLIMSOLL_DEADLINE=200ms")
	const initialWindow = 4
	c := dialH2(t, s.public, initialWindow, 0)
	for i, path := range []string{"/ok", "/nowhere", "/deaf", "/stream"} {
		stream := uint32(2*i + 1)
		c.get(stream, path)
		c.until(frameReset, stream)
	}
}
