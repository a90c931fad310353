package launch

// GuardPID is the process id of the guard.
func GuardPID(p *Process) int { return p.guard.Process.Pid }

// KillGuard does what no one should.
func KillGuard(p *Process) error { return p.guard.Process.Kill() }

// ParseTCPTable counts the sockets of a table.
func ParseTCPTable(table []byte) (int, error) {
	sockets, err := parseTCPTable(table)
	return len(sockets), err
}
