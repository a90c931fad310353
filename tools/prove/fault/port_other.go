//go:build !linux

package fault

import (
	"context"
	"net"
)

// reserve picks the port. Elsewhere than on Linux nothing keeps it while the
// sink refuses, so Resume can fail there with the port in use.
func reserve(addr string) (bound string, release func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return "", nil, err
	}
	return listener.Addr().String(), func() {}, listener.Close()
}
