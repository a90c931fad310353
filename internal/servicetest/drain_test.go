package servicetest

import (
	"bufio"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// What a soak changes: DRAIN_RUNS repeats the test, DRAIN_TRAFFIC is how long
// requests come. The lag is a fifth of that.
const (
	drainRuns    = 2
	drainTraffic = 1500 * time.Millisecond
)

const (
	drainConns    = 64
	drainInterval = 2 * time.Millisecond // 500 requests a second
	drainPoll     = 100 * time.Millisecond
)

// TestDrainUnderTraffic ends a service by SIGTERM in the middle of traffic that
// a router sends over kept connections, each in turn, so that every one of them
// is idle most of the time. The router asks for readiness and leaves when it is
// told to: at once in one run, only after half the lag in the next.
func TestDrainUnderTraffic(t *testing.T) {
	runs, traffic := drainRuns, drainTraffic
	if v := os.Getenv("DRAIN_RUNS"); v != "" {
		n, err := strconv.Atoi(v)
		assert.NoError(t, err, "DRAIN_RUNS")
		runs = n
	}
	if v := os.Getenv("DRAIN_TRAFFIC"); v != "" {
		d, err := time.ParseDuration(v)
		assert.NoError(t, err, "DRAIN_TRAFFIC")
		traffic = d
	}
	total := tally{}
	for run := range runs {
		reaction := time.Duration(run%2) * traffic / 10
		got := drainOnce(t, traffic, reaction)
		t.Logf("run %2d of %d: router leaves %5v after the first 503: %s", run+1, runs, reaction, got)
		total.add(got)
	}
	t.Logf("all: %s", total)
	assert.Equal(t, total.lost, 0, "requests whose bytes were sent and that had no complete answer")
	assert.Equal(t, total.unsent, 0, "requests for which there was no connection")
	assert.Equal(t, total.other, 0, "answers that were not 200")
	assert.AtLeast(t, total.told, 1, "answers that said Connection: close")
}

// drainOnce starts a service, sends traffic, and ends the service in the middle
// of it. A stream and a hijacked connection are open all the time.
func drainOnce(t *testing.T, traffic, reaction time.Duration) tally {
	t.Helper()
	p := launch(t, nil, "PAYMENTS_URL=http://127.0.0.1:1", "PLIMSOLL_DRAIN_LAG="+(traffic/5).String())
	public, admin := p.serving(t), p.admin(t)
	open := func(path string) *bufio.Reader {
		conn := dialAndAsk(t, public, path)
		assert.NoError(t, conn.SetDeadline(time.Now().Add(traffic+patience)))
		return bufio.NewReader(conn)
	}
	events, socket := open("/events"), open("/socket")
	readUntil(t, events, "data: first")
	readUntil(t, socket, "hello")

	r := newRouter(public, drainConns, "GET /work HTTP/1.1\r\nHost: sample\r\n\r\n")
	left := make(chan struct{})
	go func() {
		defer close(left)
		untilUnready(admin)
		<-time.After(reaction)
	}()
	term := time.AfterFunc(traffic/2, func() { _ = p.Process.Signal(syscall.SIGTERM) }) // a failure shows: the router never leaves
	defer term.Stop()
	r.send(drainInterval, int(traffic/drainInterval), left)
	got := r.finish()

	readUntil(t, events, "data: last")
	readUntil(t, events, ": the service is draining")
	readUntil(t, events, "0\r\n") // the last chunk: a whole answer, not a cut one
	readUntil(t, socket, "bye")
	assert.Equal(t, p.exit(t), plimsoll.ExitDrained, p.errOut.String())
	return got
}

// untilUnready polls readiness, and returns at the first answer that is not 200.
func untilUnready(admin string) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for range poll.C {
		res, err := client.Get("http://" + admin + "/readyz")
		if err != nil {
			return
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return
		}
	}
}

// router sends requests over its connections in turn, each at its time, whatever
// became of the others.
type router struct {
	jobs []chan struct{}
	wg   sync.WaitGroup
	mu   sync.Mutex
	sum  tally
}

func newRouter(addr string, conns int, request string) *router {
	r := &router{}
	for range conns {
		jobs := make(chan struct{}, 1<<12)
		r.jobs = append(r.jobs, jobs)
		r.wg.Go(func() {
			w := &wire{addr: addr, request: []byte(request)}
			defer w.close()
			for range jobs {
				w.exchange()
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.sum.add(w.tally)
		})
	}
	return r
}

// send gives out n requests, one an interval, until it is told to leave.
func (r *router) send(interval time.Duration, n int, leave <-chan struct{}) {
	start := time.Now()
	for i := range n {
		select {
		case <-leave:
			return
		case <-time.After(time.Until(start.Add(time.Duration(i) * interval))):
			r.jobs[i%len(r.jobs)] <- struct{}{}
		}
	}
}

// finish waits for the answers.
func (r *router) finish() tally {
	for _, jobs := range r.jobs {
		close(jobs)
	}
	r.wg.Wait()
	return r.sum
}
