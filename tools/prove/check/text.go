package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// statusCounts writes "8 × 504".
func statusCounts(counts map[int]int) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d × %d", counts[status], status))
	}
	return strings.Join(parts, ", ")
}

// join writes a list of names.
func join(names []string) string { return strings.Join(names, ", ") }

// sortLines orders lines that begin with a time of fixed width.
func sortLines(lines []string) { slices.Sort(lines) }
