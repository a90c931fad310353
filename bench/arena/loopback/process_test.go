package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// parentCommand has the test binary launch a server, say where it serves, and wait
// for its own end.
const parentCommand = "launch-and-wait"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == serverCommand {
		if err := server(os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 2 && os.Args[1] == parentCommand {
		p, err := launch(brief("plimsoll"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(p.Addr)
		select {}
	}
	os.Exit(m.Run())
}

func brief(contender string) job {
	return job{Contender: contender, Workload: workload{Name: "brief", Slots: 2, Work: msec, Budget: time.Second}}
}

// Everybody serves, and ends when told.
func TestEveryContenderServes(t *testing.T) {
	var names []string
	for _, c := range everybody() {
		if slices.Contains(names, c.name) {
			t.Errorf("two are called %s", c.name)
		}
		names = append(names, c.name)
		p, err := launch(brief(c.name))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for range 3 {
			if !newCaller(p.Addr, time.Second).call(t.Context(), time.Now()) {
				t.Errorf("%s did not serve", c.name)
			}
		}
		if c.name == "fixed" {
			if err := p.stall(time.Millisecond); err != nil {
				t.Error(err)
			}
		}
		last, err := p.stop()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if plimsolls := slices.Contains(ours, c.name); plimsolls != (last.Admission != nil) {
			t.Errorf("%s: admission is %s", c.name, last.Admission)
		}
	}
}

func TestWorkOnTheProcessorIsReported(t *testing.T) {
	j := brief("fixed")
	j.Workload.Slots, j.Steps = 0, 100_000
	p, err := launch(j)
	if err != nil {
		t.Fatal(err)
	}
	if !newCaller(p.Addr, time.Second).call(t.Context(), time.Now()) {
		t.Error("not served")
	}
	last, err := p.stop()
	if err != nil || len(last.Spins) != 1 || last.Spins[0].Took <= 0 || time.Since(time.Unix(0, last.Spins[0].Ended)) > time.Minute {
		t.Errorf("%+v, %v", last, err)
	}
}

func TestAJobThatIsNone(t *testing.T) {
	for _, j := range []job{{Contender: "nobody"}, {Contender: "plimsoll,service"}, {}} {
		if p, err := launch(j); err == nil {
			_, _ = p.stop()
			t.Errorf("%+v was taken", j)
		}
	}
}

// A server does not outlive the program that started it, however that ended.
func TestAServerEndsWithItsParent(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self, parentCommand)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the parent did not launch a server")
	}
	addr := lines.Text()
	if !newCaller(addr, time.Second).call(t.Context(), time.Now()) {
		t.Error("not served")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	var d net.Dialer
	for end := time.Now().Add(10 * time.Second); ; {
		conn, err := d.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			return
		}
		_ = conn.Close()
		if time.Now().After(end) {
			t.Fatal("the server still serves")
		}
	}
}

// The harness from end to end, briefly; what comes out is not judged.
func TestOneRun(t *testing.T) {
	a := arena{seed: 1}
	w := workload{Name: "brief", Slots: 4, Work: 2 * msec, Budget: 100 * msec}
	p, err := launch(job{Contender: "fixed", Workload: w})
	if err != nil {
		t.Fatal(err)
	}
	calls := a.callers(t.Context(), p.Addr, w, 200*msec, 0)
	if _, err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if len(calls) < 100 || len(calls) > 500 { // 280 are expected
		t.Errorf("%d calls", len(calls))
	}
	if _, err := json.Marshal(window{Score: score{Before: servedIn(calls, part{to: time.Second})}}); err != nil {
		t.Error(err)
	}
	if lagOf(calls) < 0 {
		t.Error("called before it was due")
	}
}

// A caller tries again after a refusal, and not for ever.
func TestCallersTryAgain(t *testing.T) {
	refusals := 0
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if refusals++; refusals%(2+retries) != 0 { // a call, and the first attempt of the next
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})}
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	c := newCaller(ln.Addr().String(), time.Second)
	if c.call(t.Context(), time.Now()) {
		t.Error("nobody served it")
	}
	if !c.call(t.Context(), time.Now()) || refusals != 2+retries {
		t.Errorf("not served after %d attempts", refusals)
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	<-ended
}
