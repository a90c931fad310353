package servicetest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// running is a service that a test talks to over loopback.
type running struct {
	t      *testing.T
	public string // host:port
	admin  string
	log    *safeBuffer
	stop   context.CancelFunc
	ended  chan error
}

type empty struct{}

// start runs a service on free ports and ends it with the test. Unless the
// environment says otherwise the drain has no lag.
func start(t *testing.T, setup func(context.Context, *plimsoll.Service, empty) error, environ ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, log: &safeBuffer{}, stop: cancel, ended: make(chan error, 1)}
	listening := make(chan struct{})
	env := append([]string{"ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "PLIMSOLL_DRAIN_LAG=0s", "PLIMSOLL_DRAIN=5s"}, environ...)
	go func() {
		r.ended <- plimsoll.Run(ctx, "test", setup, plimsoll.Environ(env...), plimsoll.Output(r.log),
			plimsoll.OnListen(func(public, admin net.Addr) {
				r.public, r.admin = public.String(), admin.String()
				close(listening)
			}))
	}()
	select {
	case <-listening:
	case err := <-r.ended:
		cancel()
		t.Fatalf("the service did not start: %v\n%s", err, r.log)
	}
	t.Cleanup(func() {
		cancel()
		if err, open := <-r.ended; open {
			assert.NoError(t, err)
		}
	})
	return r
}

// end drains the service and returns the outcome of Run.
func (r *running) end() error {
	r.t.Helper()
	r.stop()
	err := <-r.ended
	close(r.ended)
	return err
}

// do sends one request on a connection of its own and reads all of the answer.
func (r *running) do(method, url string, body io.Reader, header ...string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, url, body)
	assert.NoError(r.t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v\n%s", method, url, err, r.log)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	assert.NoError(r.t, err)
	return res, string(b)
}

func (r *running) get(path string, header ...string) (*http.Response, string) {
	r.t.Helper()
	return r.do("GET", "http://"+r.public+path, nil, header...)
}

func (r *running) ask(path string, header ...string) (*http.Response, string) {
	r.t.Helper()
	return r.do("GET", "http://"+r.admin+path, nil, header...)
}

// lines are the log's records with the message.
func (r *running) lines(msg string) []map[string]any {
	r.t.Helper()
	var found []map[string]any
	log := r.log.String()
	for line := range strings.Lines(log[:strings.LastIndexByte(log, '\n')+1]) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			r.t.Errorf("log line is not JSON: %q", line)
		} else if m["msg"] == msg {
			found = append(found, m)
		}
	}
	return found
}

// line waits for the one access line with the value: it is written after the
// answer. A second one fails the test.
func (r *running) line(key, value string) map[string]any {
	r.t.Helper()
	var found []map[string]any
	assert.Eventually(r.t, 10*time.Second, func() bool {
		found = found[:0]
		for _, line := range r.lines("request") {
			if line[key] == value {
				found = append(found, line)
			}
		}
		return len(found) > 0
	}, key, value)
	assert.Len(r.t, found, 1)
	return found[0]
}

// isProblem fails the test unless the answer is a problem of the status.
func isProblem(t *testing.T, res *http.Response, body string, status int) map[string]any {
	t.Helper()
	assert.Equal(t, res.StatusCode, status)
	assert.Equal(t, res.Header.Get("Content-Type"), "application/problem+json")
	var doc map[string]any
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatalf("body is not JSON: %q", body)
	}
	assert.Equal(t, doc["status"], any(float64(status)))
	return doc
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
