package edge

// Files that a process needs beside its public connections: to what it calls, to
// its stores, for its other listener and for refusals.
const (
	spareFrom  = 128
	spareUpTo  = 1024
	spareShare = 4
)

// Fit is how many of the wanted connections the process may open, given its limit
// of open files, and whether that is fewer.
func Fit(want int) (most int, lowered bool) {
	files, known := openFiles()
	if !known {
		return want, false
	}
	return fit(want, files)
}

func fit(want int, files uint64) (most int, lowered bool) {
	spare := min(max(files/spareShare, spareFrom), spareUpTo)
	most = 1
	if files > spare+1 {
		most = int(min(files-spare, 1<<31-1))
	}
	if want >= 0 && want <= most {
		return want, false
	}
	return most, true
}
