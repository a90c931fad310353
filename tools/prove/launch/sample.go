package launch

import "time"

// Sample is what all processes of a service use together at one moment.
type Sample struct {
	At        time.Duration `json:"at"` // since the epoch
	Processes int           `json:"processes"`
	Threads   int           `json:"threads"`
	FDs       int           `json:"fds"`

	// RSS is the memory that is resident, in bytes; pages that processes share count for each.
	RSS int64 `json:"rss"`

	// PeakRSS is the sum of the highest RSS of each process since it started or since ResetPeak, in bytes. They need not
	// have been at their highest at the same time.
	PeakRSS int64 `json:"peak_rss"`

	// CPU is the user and system time so far, of children that were waited for too; in steps of 10 ms.
	CPU time.Duration `json:"cpu"`

	// Waited is how long threads that still live were ready to run and had no processor, in total. 0: the kernel does not
	// count it.
	Waited time.Duration `json:"waited"`
}
