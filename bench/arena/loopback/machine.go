package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/bench/internal/rounds"
)

// tick is the unit of the kernel's processor times.
const tick = time.Second / 100

// usage is what processors were used for until a moment.
type usage struct {
	at     time.Time
	all    time.Duration // by processes, ours as well; without interrupts, which our packets cause
	stolen time.Duration // by other machines on the same hardware
	own    time.Duration // by this program and its server
	server time.Duration
}

// usageNow reads the machine's counters, and those of a server; nil: there is none.
func usageNow(p *process) (usage, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return usage{}, err
	}
	u := usage{at: time.Now()}
	if u.all, u.stolen, err = machineTimes(string(stat)); err != nil {
		return usage{}, err
	}
	if p != nil {
		u.server, err = p.used()
	}
	u.own = rounds.CPUTime() + u.server
	return u, err
}

// machineTimes reads /proc/stat.
func machineTimes(stat string) (all, stolen time.Duration, err error) {
	const user, nice, system, steal = 1, 2, 3, 8
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) <= steal || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("the machine's times are not in %q", line)
	}
	value := func(i int) time.Duration {
		n, parseErr := strconv.ParseInt(fields[i], 10, 64)
		if parseErr != nil {
			err = parseErr
		}
		return time.Duration(n) * tick
	}
	return value(user) + value(nice) + value(system), value(steal), err
}

// disturbance is what others took of one processor's time, as a share.
type disturbance struct {
	Others float64 `json:"others"`
	Stolen float64 `json:"stolen"`
	Server float64 `json:"server"` // what the server itself used; it is none of the others
}

func (u usage) since(before usage) disturbance {
	elapsed := u.at.Sub(before.at).Seconds()
	return disturbance{
		Others: ((u.all - before.all) - (u.own - before.own)).Seconds() / elapsed,
		Server: (u.server - before.server).Seconds() / elapsed,
		Stolen: (u.stolen - before.stolen).Seconds() / elapsed,
	}
}
