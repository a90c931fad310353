package servicetest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/route"
)

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(t.Context(), "tcp", addr)
	assert.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	assert.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return conn
}

func TestDrainServesThroughTheLagAndFinishesWhatIsInFlight(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{}, 1)
	var order []string
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /ok", func(http.ResponseWriter, *http.Request) {})
		svc.HandleFunc("GET /slow", func(w http.ResponseWriter, _ *http.Request) {
			entered <- struct{}{}
			<-release
			_, _ = io.WriteString(w, "whole")
		})
		for _, c := range []life.Component{
			{Name: "database", Phase: life.Stores}, {Name: "worker", Phase: life.Jobs}, {Name: "payments", Phase: life.Clients},
		} {
			c.Stop = func(context.Context) error { order = append(order, c.Name); return nil }
			svc.Add(c)
		}
		return nil
	}, "PLIMSOLL_DRAIN_LAG=300ms")
	slow := make(chan string, 1)
	go func() {
		_, body := s.get("/slow")
		slow <- body
	}()
	<-entered
	res, _ := s.ask("/readyz")
	assert.Equal(t, res.StatusCode, 200)

	s.stop()
	assert.Eventually(t, 5*time.Second, func() bool {
		res, _ := s.ask("/readyz")
		return res.StatusCode == 503
	})
	res, _ = s.get("/ok") // within the lag: new connections are served, and told to leave
	assert.Equal(t, res.StatusCode, 200)
	assert.True(t, res.Close, "an answer during the drain must carry Connection: close")
	res, _ = s.ask("/livez")
	assert.Equal(t, res.StatusCode, 200)

	close(release)
	assert.Equal(t, <-slow, "whole")
	assert.NoError(t, s.end())
	assert.Equal(t, strings.Join(order, " "), "worker payments database")
}

func TestDrainTellsStreamsAndHijackedConnectionsAndWaits(t *testing.T) {
	toldStream, toldConn := make(chan error, 1), make(chan error, 1)
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: 1\n\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			toldStream <- context.Cause(r.Context())
		}, route.Stream(time.Hour))
		svc.HandleFunc("GET /socket", func(w http.ResponseWriter, r *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				toldConn <- err
				return
			}
			defer conn.Close()
			_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\nhello\n")
			_ = rw.Flush()
			<-r.Context().Done()
			toldConn <- context.Cause(r.Context())
			_, _ = rw.WriteString("bye\n")
			_ = rw.Flush()
		}, route.Stream(time.Hour))
		return nil
	})
	events, socket := bufio.NewReader(dialAndAsk(t, s.public, "/events")), bufio.NewReader(dialAndAsk(t, s.public, "/socket"))
	readUntil(t, events, "data: 1")
	readUntil(t, socket, "hello")

	assert.NoError(t, s.end())
	assert.ErrorIs(t, <-toldStream, life.ErrDraining)
	assert.ErrorIs(t, <-toldConn, life.ErrDraining)
	readUntil(t, events, ": the service is draining")
	readUntil(t, events, "0\r\n") // the last chunk: a whole answer, not a cut one
	readUntil(t, socket, "bye")
}

func dialAndAsk(t *testing.T, addr, path string) net.Conn {
	t.Helper()
	conn := dial(t, addr)
	_, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
	assert.NoError(t, err)
	return conn
}

func readUntil(t *testing.T, r *bufio.Reader, part string) {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if strings.Contains(line, part) {
			return
		}
		if err != nil {
			t.Fatalf("%q never came: %v", part, err)
		}
	}
}

func TestLostWorkIsReported(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{})
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.HandleFunc("GET /stuck", func(http.ResponseWriter, *http.Request) { close(entered); <-release }, route.Budget(time.Minute))
		svc.Add(life.Component{Name: "outbox", Phase: life.Jobs, Stop: func(context.Context) error { return errors.New("3 events unsent") }})
		return nil
	}, "PLIMSOLL_DRAIN=100ms")
	dialAndAsk(t, s.public, "/stuck")
	<-entered
	err := s.end()
	close(release)
	lost := assert.ErrorAs[*plimsoll.LostError](t, err)
	assert.Equal(t, lost.Requests, 1)
	assert.Equal(t, lost.Components, []string{"outbox: 3 events unsent"})
	assert.Equal(t, plimsoll.ExitCode(err), plimsoll.ExitLost)
	assert.Contains(t, err.Error(), "PLIMSOLL_DRAIN")
}

func TestConfigurationFaultsAreAllNamed(t *testing.T) {
	type cfg struct {
		Payments config.URL `env:"PAYMENTS_URL" help:"charges cards"`
	}
	ran := false
	err := plimsoll.Run(t.Context(), "test", func(context.Context, *plimsoll.Service, cfg) error { ran = true; return nil },
		plimsoll.Environ("PORT=abc", "PAYMENTS_URL=", "PLIMSOLL_DRAIN=40s", "TLS_CERT=x.pem", "PLIMSOLL_ADMISSION=maybe", "PLIMSOLL_DEADLIN=3s"))
	assert.Equal(t, plimsoll.ExitCode(err), plimsoll.ExitMisconfigured)
	for _, variable := range []string{"PORT", "PAYMENTS_URL", "PLIMSOLL_GRACE", "TLS_KEY", "PLIMSOLL_ADMISSION", "PLIMSOLL_DEADLIN"} {
		assert.Contains(t, err.Error(), variable)
	}
	assert.False(t, ran, "setup ran with a configuration that is wrong")
}

func TestAPortInUseIsOneLine(t *testing.T) {
	taken := start(t, hostile)
	err := plimsoll.Run(t.Context(), "test", hostile, plimsoll.Environ("ADDR="+taken.public, "ADMIN_ADDR=127.0.0.1:0"), plimsoll.Output(io.Discard))
	assert.Equal(t, plimsoll.ExitCode(err), plimsoll.ExitFailed)
	assert.Contains(t, err.Error(), "is in use")
	assert.Equal(t, strings.Count(err.Error(), "\n"), 0)
}

func TestASetupThatFailsClosesWhatItOpened(t *testing.T) {
	closed := false
	err := plimsoll.Run(t.Context(), "test", func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.Add(life.Component{Name: "database", Phase: life.Stores, Stop: func(context.Context) error { closed = true; return nil }})
		return errors.New("no such table")
	}, plimsoll.Environ("ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"), plimsoll.Output(io.Discard))
	assert.Contains(t, err.Error(), "set up: no such table")
	assert.Equal(t, plimsoll.ExitCode(err), plimsoll.ExitFailed)
	assert.True(t, closed)
}

func TestReadinessNamesWhatIsDown(t *testing.T) {
	down := errors.New("dial tcp 10.1.2.3:5432: password=hunter2")
	s := start(t, func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.Add(life.Component{Name: "database", Ready: func(context.Context) error { return down }})
		return nil
	})
	res, body := s.ask("/readyz")
	assert.Equal(t, res.StatusCode, 503)
	assert.Contains(t, body, "database")
	assert.NotContains(t, body, "hunter2")
	res, _ = s.ask("/livez")
	assert.Equal(t, res.StatusCode, 200)
}
