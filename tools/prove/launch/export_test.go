package launch

// GuardPID is the process id of the guard.
func GuardPID(p *Process) int { return p.guard.Process.Pid }

// KillGuard does what no one should.
func KillGuard(p *Process) error { return p.guard.Process.Kill() }
