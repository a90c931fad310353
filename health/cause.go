package health

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/plimsoll-go/plimsoll/problem"
)

// cause says what kind of failure err is, for anyone to read. The text of an error is shown only where it is meant to
// be, as the detail of a [problem.Error]: drivers put addresses, users and statements into theirs. The whole error
// goes to [Config].Changed.
func cause(err error, timeout time.Duration) string {
	var (
		shown       *problem.Error
		lookup      *net.DNSError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		record      tls.RecordHeaderError
		network     net.Error
	)
	switch {
	case errors.Is(err, ErrHung), errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %v", timeout)
	case errors.As(err, &shown):
		if shown.Detail == "" {
			return shown.Kind.Title()
		}
		return shown.Detail
	case errors.As(err, &lookup):
		return "its name cannot be resolved"
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &record):
		return "no TLS connection"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection lost"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "not reachable"
	case errors.As(err, &network) && network.Timeout():
		return fmt.Sprintf("no answer within %v", timeout)
	}
	return "the check failed; the log says why"
}
