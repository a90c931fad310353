package launch

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Marked lists the living processes that have this variable in their
// environment.
func Marked(variable string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		panic(err)
	}
	var found []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err == nil && bytes.Contains(environ, []byte(variable)) && isAlive(pid) {
			found = append(found, pid)
		}
	}
	return found
}

// ParseTCPTable counts the sockets of a table.
func ParseTCPTable(table []byte) (int, error) {
	sockets, err := parseTCPTable(table)
	return len(sockets), err
}
