package fault_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestActs(t *testing.T) {
	body := `{"id":"1","status":"succeeded"}`
	for act, want := range map[fault.Act]struct {
		behaviour fault.Behaviour
		suffix    string // of what the caller gets
		empty     bool
		reset     bool
		end       fault.End
	}{
		fault.ActAnswer:       {fault.Delay(time.Millisecond), body, false, false, fault.Answered},
		fault.ActTrickle:      {fault.Trickle(2000), body, false, false, fault.Answered},
		fault.ActResetBefore:  {fault.ResetBefore(), "", true, true, fault.Broken},
		fault.ActCloseBefore:  {fault.CloseBefore(), "", true, false, fault.Broken},
		fault.ActResetMidBody: {fault.ResetMidBody(), body[:len(body)/2], false, true, fault.Broken},
		fault.ActGarbage:      {fault.Garbage(), "\xfe\x01\r\n\r\n", false, false, fault.Answered},
	} {
		s := open(t, fault.Config{Script: fault.Always(want.behaviour)})
		c := dial(t, s)
		c.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
		text, reset := c.rest()
		assert.Equal(t, reset, want.reset, act.String())
		assert.Equal(t, text == "", want.empty, act.String())
		assert.True(t, strings.HasSuffix(text, want.suffix), "%v: %q", act, text)
		r := ended(t, s)[0]
		assert.Equal(t, r.Act, act)
		assert.Equal(t, r.End, want.end, act.String())
		assert.Equal(t, r.Written, int64(len(text)), act.String())
	}
}

func TestHangingMidBodyUntilReleased(t *testing.T) {
	s := open(t, fault.Config{Script: fault.Always(fault.HangMidBody())})
	c := dial(t, s)
	c.charge("")
	res, err := http.ReadResponse(c.br, nil)
	assert.NoError(t, err)
	part := make([]byte, res.ContentLength/2)
	_, err = res.Body.Read(part)
	assert.NoError(t, err)
	assert.Equal(t, s.Snapshot(0).Ended(fault.Pending), 1)
	assert.Eventually(t, 10*time.Second, func() bool {
		s.Release()
		return s.Snapshot(0).Ended(fault.Answered) == 1
	})
	rest, err := c.br.ReadString('}')
	assert.NoError(t, err)
	assert.Equal(t, string(part)+rest, `{"id":"1","status":"succeeded"}`)
}

func TestTrickleKeepsItsRate(t *testing.T) {
	s := open(t, fault.Config{Script: fault.Always(fault.Behaviour{Act: fault.ActTrickle, Rate: 10_000, Size: 1000})})
	c := dial(t, s)
	c.charge("")
	_, body := c.answer()
	assert.Len(t, body, 1000)
	r := ended(t, s)[0]
	assert.AtLeast(t, r.Held(0), 100*time.Millisecond) // 1,000 bytes and the head
	assert.AtMost(t, r.Held(0), 2*time.Second)
}

func TestAnswersCanBeLargeAndBare(t *testing.T) {
	s := open(t, fault.Config{Script: fault.Sequence(
		fault.Behaviour{Size: 3 << 20, ContentType: "text/plain", Header: http.Header{"Retry-After": {"7"}}},
		fault.Status(204), fault.Status(200), fault.Behaviour{Act: fault.ActResetMidBody, Status: 204},
	)})
	c := dial(t, s)
	c.charge("")
	res, err := http.ReadResponse(c.br, nil)
	assert.NoError(t, err)
	assert.Equal(t, res.ContentLength, int64(3<<20))
	assert.Equal(t, res.Header.Get("Retry-After"), "7")
	assert.Equal(t, res.Header.Get("Content-Type"), "text/plain")
	_, err = c.br.Discard(3 << 20)
	assert.NoError(t, err)

	c.charge("")
	status, body := c.answer()
	assert.Equal(t, status, 204)
	assert.Equal(t, body, "")

	c.send("HEAD / HTTP/1.1\r\n\r\n")
	res, err = http.ReadResponse(c.br, &http.Request{Method: http.MethodHead})
	assert.NoError(t, err)
	assert.Equal(t, res.ContentLength, int64(31))

	c.charge("")
	text, reset := c.rest()
	assert.True(t, reset)
	assert.True(t, strings.HasPrefix("HTTP/1.1 204 No Content\r\n\r\n", text) && text != "", text)
}

func TestDeparturesAreSeenWhileHolding(t *testing.T) {
	for name, cfg := range map[string]fault.Config{
		"hang":    {Script: fault.Always(fault.Hang())},
		"body":    {Script: fault.Always(fault.HangMidBody())},
		"delay":   {Script: fault.Always(fault.Delay(time.Hour))},
		"slot":    {Capacity: fault.Capacity{Slots: 1, Service: time.Hour}},
		"trickle": {Script: fault.Always(fault.Trickle(1))},
	} {
		s := open(t, cfg)
		polite, rude := dial(t, s), dial(t, s)
		polite.charge("")
		arrived(t, s, 1)
		rude.charge("")
		arrived(t, s, 2)
		before := s.Snapshot(0).Taken
		polite.hangUp()
		rude.abort()
		records := ended(t, s)
		for i, how := range []fault.Departure{fault.FIN, fault.RST} {
			assert.Equal(t, records[i].End, fault.Cancelled, name)
			assert.AtLeast(t, records[i].Ended, before)
			if i == 1 || name != "body" && name != "trickle" { // bytes unread at a close make it a reset
				assert.Equal(t, records[i].Departure, how, name)
			}
		}
	}
}

func TestDeparturesInTheMiddleOfACall(t *testing.T) {
	s := open(t, fault.Config{})
	for _, part := range []string{"G", "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234"} {
		c := dial(t, s)
		c.send(part)
		assert.Eventually(t, 10*time.Second, func() bool { return s.Stats().InFlight == 1 })
		c.hangUp()
		records := ended(t, s)
		last := records[len(records)-1]
		assert.Equal(t, last.End, fault.Cancelled)
		assert.Equal(t, last.Departure, fault.FIN)
		assert.Equal(t, last.Hash, "")
	}
}
