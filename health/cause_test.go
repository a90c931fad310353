package health_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/plimsoll-go/plimsoll/health"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/life"
	"github.com/plimsoll-go/plimsoll/problem"
)

func TestTheCauseIsShownWithoutTheErrorsText(t *testing.T) {
	const canary = "postgres://admin:hunter2@10.1.2.3/orders"
	dial := func(err error) error {
		return fmt.Errorf("connect to %s: %w", canary, &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3)}, Err: err})
	}
	for _, c := range []struct {
		want string
		err  error
	}{
		{"no answer within 800ms", dial(context.DeadlineExceeded)},
		{"its name cannot be resolved", dial(&net.DNSError{Err: "no such host", Name: canary, IsNotFound: true})},
		{"connection refused", dial(syscall.ECONNREFUSED)},
		{"connection lost", dial(syscall.ECONNRESET)},
		{"not reachable", dial(syscall.EHOSTUNREACH)},
		{"no TLS connection", dial(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}})},
		{"the check failed; the log says why", errors.New(canary)},
		{"the replica is behind", fmt.Errorf("%s: %w", canary, problem.Wrap(problem.Unavailable, "the replica is behind", errors.New(canary)))},
		{problem.Upstream.Title(), problem.Wrap(problem.Upstream, "", errors.New(canary))},
		{"no answer within 800ms", dial(syscall.ETIMEDOUT)},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := started(t, health.Config{}, life.Component{Name: "database", Ready: fails(c.err)})
			w := httptest.NewRecorder()
			h.Ready().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil))
			assert.Equal(t, w.Code, 503)
			_, b := poll(t, h.Ready())
			assert.Equal(t, b.Checks["database"][0].Output, c.want)
			for _, secret := range []string{"hunter2", "admin", "10.1.2.3", "orders"} {
				assert.NotContains(t, w.Body.String(), secret)
			}
		})
	}
}
