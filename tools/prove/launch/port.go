package launch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// FreePorts picks n different loopback ports that no one listens on. They are
// taken from below the range that the kernel gives to outgoing connections, so
// that no connection takes one of them before the service does, and a service
// that is being waited for cannot be mistaken for a connection to itself.
func FreePorts(n int) ([]int, error) {
	low, high := portRange()
	if n > (high-low)/2 {
		return nil, fmt.Errorf("find free ports: %d of the %d between %d and %d are too many", n, high-low, low, high)
	}
	ports := make([]int, 0, n)
	for _, offset := range rand.Perm(high - low) {
		if len(ports) == n {
			return ports, nil
		}
		if port := low + offset; tryPort(port) == nil {
			ports = append(ports, port)
		}
	}
	if len(ports) == n {
		return ports, nil
	}
	return nil, fmt.Errorf("find free ports: %d of %d were free between %d and %d", len(ports), n, low, high)
}

// checkPort says who has a port, if someone does.
func checkPort(port int) error {
	err := tryPort(port)
	if errors.Is(err, syscall.EADDRINUSE) {
		return &PortInUseError{Port: port, Owner: portOwner(port)}
	}
	if err != nil {
		return fmt.Errorf("check port %d: %w", port, err)
	}
	return nil
}

// tryPort listens on the port for a moment: on every address, as most services
// do, and on the loopback address.
func tryPort(port int) error {
	var config net.ListenConfig
	for _, host := range []string{"", "127.0.0.1"} {
		listener, err := config.Listen(context.Background(), "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return err
		}
		if err := listener.Close(); err != nil {
			return err
		}
	}
	return nil
}
