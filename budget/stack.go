package budget

// growStack grows the goroutine's stack to 16 KiB in one step. A new goroutine has 2 KiB and the runtime doubles and
// copies it whenever that is too little, which a handler that decodes JSON makes it do three times, on every request. A
// connection's own goroutine pays for it once. The function's frame is what makes the runtime do it; the branch that
// would use the frame is not taken, so nothing is cleared.
//
// Measured by bench/deadline, CPU of a POST that decodes JSON, beside no middleware: 1.47 without, 1.25 with it. What is
// not used of the stack the garbage collector takes back.
//
//go:noinline
func growStack(use int) byte {
	if use == 0 {
		return 0
	}
	var frame [12 << 10]byte
	for i := range frame {
		frame[i] = byte(i % use)
	}
	return frame[use%len(frame)]
}
