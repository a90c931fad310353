package attack

import "github.com/prometheus/procfs"

// refusedConnections counts the connections that this machine (its network namespace) tried to open and that were
// refused: the only trace that a connection to a closed port leaves.
func refusedConnections() (int64, bool) {
	self, err := procfs.Self()
	if err != nil {
		return 0, false
	}
	counters, err := self.Snmp()
	if err != nil || counters.Tcp.AttemptFails == nil {
		return 0, false
	}
	return int64(*counters.Tcp.AttemptFails), true
}
