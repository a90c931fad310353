//go:build !linux

package attack

// refusedConnections is not known here.
func refusedConnections() (int64, bool) { return 0, false }
