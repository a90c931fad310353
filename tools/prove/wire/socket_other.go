//go:build !unix

package wire

import (
	"errors"
	"fmt"
	"syscall"
)

// receiveBuffer refuses to bound the receive window where that cannot be done before connecting.
func receiveBuffer(bytes int) func(network, address string, c syscall.RawConn) error {
	if bytes == 0 {
		return nil
	}
	return func(_, _ string, _ syscall.RawConn) error {
		return fmt.Errorf("bound the receive buffer: %w", errors.ErrUnsupported)
	}
}
