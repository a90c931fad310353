package launch_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/launch"
)

// TestMain makes this binary a guard, a service or a prover when it is started
// as one, and runs the tests otherwise. Those parts leave by syscall.Exit, which
// runs no hooks: coverage would print a warning into the output under test, and
// the race detector would wait a second.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case launch.GuardArgument:
			syscall.Exit(launch.Guard(os.Args[2:]))
		case "service":
			syscall.Exit(service(os.Args[2], os.Args[3:]))
		case "prover":
			syscall.Exit(prover(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// service is a program with one habit. Everything it prints comes at once.
func service(habit string, args []string) int {
	switch habit {
	case "exit":
		return number(args[0])
	case "say":
		fmt.Println(args[0])
		fmt.Fprintln(os.Stderr, args[1])
		return number(args[2])
	case "environment":
		fmt.Println(strings.Join(os.Environ(), "\n"))
	case "http":
		return serveHTTP(args[0], args[1])
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		select {}
	case "signals":
		return tellSignals()
	case "flood":
		return flood(number(args[0]))
	case "family":
		return family(len(args) > 0)
	case "child":
		fmt.Println("pid", os.Getpid())
		select {}
	case "dial":
		nc, err := net.Dial("tcp", args[0])
		fmt.Println("dialled", err)
		defer nc.Close()
		select {}
	}
	return 0
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

// serveHTTP answers status on /ready, and 404 elsewhere.
func serveHTTP(port, status string) int {
	http.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(number(status)) })
	fmt.Println("listening soon")
	fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:"+port, nil))
	return 1
}

// tellSignals prints each signal that comes in, and ends with code 7 at SIGTERM.
func tellSignals() int {
	signals := make(chan os.Signal, 10)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1)
	fmt.Println("ready")
	for s := range signals {
		fmt.Println("got", s)
		if s == syscall.SIGTERM {
			return 7
		}
	}
	return 0
}

// flood writes that many bytes, in lines of 100.
func flood(size int) int {
	line := strings.Repeat("x", 99) + "\n"
	w := bufio.NewWriterSize(os.Stdout, 64<<10)
	for written := 0; written < size; written += len(line) {
		if _, err := w.WriteString(line); err != nil {
			return 1
		}
	}
	if w.Flush() != nil {
		return 1
	}
	return 0
}

// family has a child and a grandchild that leaves the group and the session.
// Each prints its process id. The parent stays, or leaves with code 0 at SIGUSR1.
func family(leaves bool) int {
	child := exec.Command(os.Args[0], "service", "child")
	stray := exec.Command("/bin/sh", "-c", os.Args[0]+" service child & exit 0")
	stray.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	for _, c := range []*exec.Cmd{child, stray} {
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Start(); err != nil {
			panic(err)
		}
	}
	_ = stray.Wait() // its own child is an orphan now
	leave := make(chan os.Signal, 1)
	signal.Notify(leave, syscall.SIGUSR1)
	fmt.Println("pid", os.Getpid())
	if leaves {
		<-leave
		return 0
	}
	select {}
}

// prover starts a family, says who is in it, and waits to be killed. Each of the
// family has the variables in its environment.
func prover(variables []string) int {
	env := make(map[string]string)
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	p, err := launch.Start(context.Background(), launch.Spec{
		Env:    env,
		Run:    []string{os.Args[0], "service", "family"},
		OnLine: func(l launch.Line) { fmt.Println(l.Text) },
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	<-p.Done()
	return 0
}

// isThere tells that a process is alive.
func isThere(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// lines are a service's lines of output, as they come.
type lines chan launch.Line

// await waits for a line with the text in it.
func (l lines) await(t *testing.T, text string) launch.Line {
	t.Helper()
	bound := time.After(20 * time.Second)
	for {
		select {
		case line := <-l:
			if strings.Contains(line.Text, text) {
				return line
			}
		case <-bound:
			t.Fatalf("no line with %q came", text)
		}
	}
}

// start runs a service with a habit and stops it at the end of the test.
func start(t *testing.T, spec launch.Spec, habit ...string) (*launch.Process, lines) {
	t.Helper()
	said := make(lines, 1000)
	spec.Run = append([]string{self(t), "service"}, habit...)
	if spec.OnLine == nil {
		spec.OnLine = func(l launch.Line) { said <- l }
	}
	p, err := launch.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := p.Stop(0); err != nil {
			t.Error(err)
		}
	})
	return p, said
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
