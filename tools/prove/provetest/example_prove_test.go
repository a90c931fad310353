package provetest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/plimsoll-go/plimsoll/tools/prove/attack"
	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/provetest"
)

// How is a service attacked from Go?
func Example_prove() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "prove")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	session, err := attack.Open(ctx, attack.Options{
		Dir: dir, Service: provetest.Service(""), Only: []string{"config"}, File: filepath.Join(dir, "fixture.plm"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	if err := session.Attack(ctx); err != nil {
		fmt.Println(err)
		return
	}
	if err := session.Finish(ctx); err != nil {
		fmt.Println(err)
		return
	}
	c, _ := check.Find("config")
	f := c.Eval(session.Artifacts(), session.Policy())
	fmt.Printf("%s: %s\n", f.Verdict, f.Says)
	// Output:
	// proved: 3 of 3 broken starts ended at once, named their variable and listened nowhere
}
