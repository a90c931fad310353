package servicetest

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/outbound"
)

func TestToldToEndDuringSetUpItServesNobody(t *testing.T) {
	for _, heeds := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		closed, log := false, &safeBuffer{}
		err := plimsoll.Run(ctx, "test", func(ctx context.Context, svc *plimsoll.Service, _ empty) error {
			svc.Add(life.Component{Name: "database", Phase: life.Stores, Stop: func(context.Context) error { closed = true; return nil }})
			cancel()
			if heeds {
				return errors.Join(errors.New("migrate"), ctx.Err())
			}
			return nil
		}, plimsoll.Environ("ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"), plimsoll.Output(log))
		assert.NoError(t, err, "it was told to end, and nothing was lost")
		assert.True(t, closed)
		assert.NotContains(t, log.String(), `"serving"`)
	}
}

func TestASetUpThatHangsDoesNotOutliveSIGTERM(t *testing.T) {
	p := launch(t, nil, "PAYMENTS_URL=http://127.0.0.1:1", "TEST_SETUP_HANGS=1", "PLIMSOLL_DRAIN=100ms")
	assert.Eventually(t, 10*time.Second, func() bool { return strings.Contains(p.out.String(), "setting up") })
	assert.NoError(t, p.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, p.exit(t), plimsoll.ExitFailed)
	assert.Contains(t, p.errOut.String(), "set up")
}

// hangInSetUp is what a client that ignores its context does.
func hangInSetUp(svc *plimsoll.Service) {
	if os.Getenv("TEST_SETUP_HANGS") != "" {
		svc.Logger().Info("setting up")
		select {}
	}
}

func TestAnImpossibleDependencyIsAFaultOfTheConfiguration(t *testing.T) {
	stopped := false
	err := plimsoll.Run(t.Context(), "test", func(_ context.Context, svc *plimsoll.Service, _ empty) error {
		svc.Add(life.Component{Name: "database", Phase: life.Stores, Stop: func(context.Context) error { stopped = true; return nil }})
		outbound.New(svc, outbound.Config{Name: "payments", Bearer: config.NewSecret("hunter2\n")})
		return nil
	}, plimsoll.Environ("ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"), plimsoll.Output(&safeBuffer{}),
		plimsoll.OnListen(func(net.Addr, net.Addr) { t.Error("it listens") }))
	assert.Equal(t, plimsoll.ExitCode(err), plimsoll.ExitMisconfigured)
	assert.Contains(t, err.Error(), "1 fault in the configuration")
	for _, part := range []string{`outbound "payments": `, "a bearer token and a health path need a URL; ", "line break", "the URL is missing"} {
		assert.Contains(t, err.Error(), part)
	}
	assert.NotContains(t, err.Error(), "hunter2")
	assert.True(t, stopped)
}
