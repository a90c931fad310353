package servicetest

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
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
