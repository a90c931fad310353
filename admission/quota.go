package admission

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Where Linux shows the limits of a container (cgroup v2). A process sees its own
// group; in a container that is usually the root of what it sees.
const (
	groupsFile = "/proc/self/cgroup"
	groupsRoot = "/sys/fs/cgroup"
)

// quota tells how much of the time the container's CPU quota takes away. The
// zero value is ready to use.
type quota struct {
	file  *os.File // nil: there is none. The collector closes it.
	tried bool
	text  [1024]byte // what is read; the file has some 300 bytes

	at    time.Time
	taken time.Duration // ever, at that time
	share float64       // of the time before that
}

// quotaEvery is how often the file is read. Linux counts in periods of 100 ms.
const quotaEvery = time.Second

// throttled is the share of the last second in which the quota was used up; 0
// where there is none.
func (q *quota) throttled(now time.Time) float64 {
	if !q.tried {
		q.tried = true
		q.file, _ = os.Open(groupFile(groupsFile, groupsRoot, "cpu.stat")) // most machines have none
		q.at, q.taken = now, q.read()
	}
	if elapsed := now.Sub(q.at); q.file != nil && elapsed >= quotaEvery {
		taken := q.read()
		q.share = float64(taken-q.taken) / float64(elapsed)
		q.at, q.taken = now, taken
	}
	return q.share
}

// read is how long the group was throttled, ever.
func (q *quota) read() time.Duration {
	if q.file == nil {
		return 0
	}
	n, _ := q.file.ReadAt(q.text[:], 0) // it ends with io.EOF
	return throttledTime(q.text[:n])
}

// throttledTime finds throttled_usec in a cpu.stat; 0 when it is not there.
func throttledTime(stat []byte) time.Duration {
	_, rest, ok := bytes.Cut(stat, []byte("throttled_usec "))
	if !ok {
		return 0
	}
	var us int64
	for _, digit := range rest {
		if digit < '0' || digit > '9' || us > 1<<49 {
			break
		}
		us = us*10 + int64(digit-'0')
	}
	return time.Duration(us) * time.Microsecond
}

// groupFile is the path of a file of the process's own group, "" when it has none.
// Some containers see their group as the root, yet are told its outer name.
func groupFile(groups, root, name string) string {
	text, err := os.ReadFile(groups)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok {
			continue
		}
		for _, file := range []string{filepath.Join(root, group, name), filepath.Join(root, name)} {
			if _, err := os.Stat(file); err == nil {
				return file
			}
		}
	}
	return ""
}
