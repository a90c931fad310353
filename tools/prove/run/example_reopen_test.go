package run_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/plimsoll-go/plimsoll/tools/prove/run"
)

// A prover that is killed leaves a file that opens.
func Example_reopen() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	w, err := run.Create(filepath.Join(dir, "orders.plm"), run.Header{Service: "orders"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Add(run.Oversize{Form: run.ByChunks, Status: 413}); err != nil {
		fmt.Println(err)
	}

	a, err := run.Open(w.Path())
	fmt.Println(a.Header.Service, a.Oversize[0].Status, "complete:", a.Complete, err)
	fmt.Println(w.Close())
	// Output:
	// orders 413 complete: false <nil>
	// <nil>
}
