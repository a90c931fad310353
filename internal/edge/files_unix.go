//go:build unix

package edge

import "syscall"

// reserve is kept from the open-file limit for everything that is no public
// connection: the admin listener, files, databases, outbound calls.
const reserve = 256

// Fit lowers a number of connections to what the open-file limit allows, less a
// reserve. It says whether it did.
func Fit(connections int) (fits int, lowered bool) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= uint64(connections)+reserve {
		return connections, false
	}
	return max(int(limit.Cur)-reserve, int(limit.Cur)/2, 1), true
}
