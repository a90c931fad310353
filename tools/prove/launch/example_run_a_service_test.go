package launch_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
)

// How do I run a service, wait until it is ready, and be sure that nothing of it
// is left?
func Example_runAService() {
	ports, err := launch.FreePorts(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	port := fmt.Sprint(ports[0])
	p, err := launch.Start(context.Background(), launch.Spec{
		Run:   []string{os.Args[0], "service", "http", port, "200"}, // any program, in any language
		Env:   map[string]string{"LOG_LEVEL": "debug"},
		Ports: ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = p.Ready(context.Background(), launch.Probe{Addr: "127.0.0.1:" + port, Path: "/ready"})
	fmt.Println("ready:", err == nil)

	exit, err := p.Stop(10 * time.Second)
	fmt.Println(exit, err)
	// Output:
	// ready: true
	// ended by a signal: terminated <nil>
}

// How does a program become able to start services?
func ExampleGuard() {
	// The first lines of its main:
	if len(os.Args) > 1 && os.Args[1] == launch.GuardArgument {
		os.Exit(launch.Guard(os.Args[2:]))
	}
	fmt.Println("not a guard: go on")
	// Output: not a guard: go on
}
