//go:build !unix

package edge

// openFiles is not limited, or not known.
func openFiles() (limit uint64, known bool) { return 0, false }
