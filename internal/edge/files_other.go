//go:build !unix

package edge

// Fit lowers nothing where there is no open-file limit to ask for.
func Fit(connections int) (fits int, lowered bool) { return connections, false }
