package servicetest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

const (
	hugeBody   = 64 << 20
	mostGrowth = 8 << 20 // of the resident memory, while they come in
)

// upload is a request whose body is larger than any route takes.
type upload struct {
	name, head string
	body       func(io.Writer) error
}

func uploads(t *testing.T) []upload {
	t.Helper()
	block := make([]byte, 64<<10)
	var bomb bytes.Buffer
	bomb.Write(zip(t, strings.Repeat("\x00", hugeBody)))
	repeat := func(part []byte, n int) func(io.Writer) error {
		return func(w io.Writer) error {
			for range n {
				if _, err := w.Write(part); err != nil {
					return err
				}
			}
			return nil
		}
	}
	const post = "POST %s HTTP/1.1\r\nHost: sample\r\n%s\r\n\r\n"
	chunk := append(fmt.Appendf(nil, "%x\r\n", len(block)), append(bytes.Clone(block), "\r\n"...)...)
	return []upload{
		{"Content-Length", fmt.Sprintf(post, "/count", "Content-Length: "+strconv.Itoa(hugeBody)), repeat(block, hugeBody/len(block))},
		{"chunked", fmt.Sprintf(post, "/count", "Transfer-Encoding: chunked"), repeat(chunk, hugeBody/len(block))},
		{"gzip bomb", fmt.Sprintf(post, "/zipped", "Content-Encoding: gzip\r\nContent-Length: "+strconv.Itoa(bomb.Len())), repeat(bomb.Bytes(), 1)},
		{"gzip bomb, chunked", fmt.Sprintf(post, "/zipped", "Content-Encoding: gzip\r\nTransfer-Encoding: chunked"),
			repeat(append(fmt.Appendf(nil, "%x\r\n%s", bomb.Len(), bomb.Bytes()), "\r\n0\r\n\r\n"...), 1)},
	}
}

// send returns the status that the upload was answered with. It sends on while
// the answer is on its way.
func (u upload) send(addr string) (status int, err error) {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return 0, err
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	var sending sync.WaitGroup
	sending.Go(func() {
		if _, err := io.WriteString(conn, u.head); err == nil {
			_ = u.body(conn) // it is cut off: that is what is tried here
		}
	})
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
		status = res.StatusCode
	}
	_ = conn.Close()
	sending.Wait()
	return status, err
}

// A service that has served ordinary requests takes hardly more memory while
// bodies of 64 MiB come in: one after the other, or eight at a time, which may
// hold a MiB each before they are known to be too large.
func TestHugeBodiesTakeNoMemory(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own")
	}
	for _, attackers := range []int{1, 8} {
		for _, u := range uploads(t) {
			t.Run(fmt.Sprintf("%s by %d", u.name, attackers), func(t *testing.T) {
				p := launch(t, nil, "PAYMENTS_URL=http://127.0.0.1:1")
				addr := p.serving(t)
				serveOrdinary(t, addr)
				before := p.memory(t, "VmRSS")
				p.resetPeak(t)
				var wg sync.WaitGroup
				for range attackers {
					wg.Go(func() { u.attack(t, addr, 8) })
				}
				wg.Wait()
				grown := p.memory(t, "VmHWM") - before
				t.Logf("resident memory grew by %d KiB at most, from %d KiB", grown>>10, before>>10)
				assert.AtMost(t, grown, mostGrowth)
			})
		}
	}
}

// attack sends the upload n times.
func (u upload) attack(t *testing.T, addr string, n int) {
	t.Helper()
	for range n {
		if status, err := u.send(addr); err != nil || status != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d, %v, want a complete 413", status, err)
		}
	}
}

// serveOrdinary has the service answer enough requests that its heap has the
// size it has in service, and its code is in memory.
func serveOrdinary(t *testing.T, addr string) {
	t.Helper()
	zipped := string(zip(t, "small"))
	for _, request := range []string{
		"GET /ok HTTP/1.1\r\nHost: sample\r\n\r\n",
		"POST /zipped HTTP/1.1\r\nHost: sample\r\nContent-Encoding: gzip\r\nContent-Length: " + strconv.Itoa(len(zipped)) + "\r\n\r\n" + zipped,
	} {
		w := &wire{addr: addr, request: []byte(request)}
		for range 1000 {
			w.exchange()
		}
		w.close()
		assert.Equal(t, w.tally, tally{sent: 1000})
	}
}

// resetPeak makes VmHWM what VmRSS is.
func (p *process) resetPeak(t *testing.T) {
	t.Helper()
	err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.Process.Pid), []byte("5"), 0)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this system does not tell how much memory a process takes at most")
	}
	assert.NoError(t, err)
}

// memory is a line of the process's status, in bytes.
func (p *process) memory(t *testing.T, line string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this system does not tell how much memory a process takes")
	}
	assert.NoError(t, err)
	_, rest, found := strings.Cut(string(status), line+":")
	assert.True(t, found, "%s in /proc/pid/status", line)
	text, _, _ := strings.Cut(rest, "kB")
	kib, err := strconv.Atoi(strings.TrimSpace(text))
	assert.NoError(t, err)
	return kib << 10
}

// With four permits and a queue of four, 64 clients that send their bodies byte
// by byte, all the time, leave the service to the others.
func TestSlowUploadersBesideGoodTraffic(t *testing.T) {
	const uploaders, good = 64, 1000
	p := launch(t, nil, "PAYMENTS_URL=http://127.0.0.1:1", "PLIMSOLL_ADMISSION=fixed:4", "PLIMSOLL_DEADLINE=1m")
	addr := p.serving(t)
	enough, ended := make(chan struct{}), make(chan struct{})
	for range uploaders {
		go func() {
			defer func() { ended <- struct{}{} }()
			if status, err := sendSlowly(addr, enough); err != nil || status != http.StatusOK {
				t.Errorf("an upload that was slow got %d, %v", status, err)
			}
		}()
	}
	assert.Eventually(t, patience, func() bool { return p.uploading(t) == uploaders })
	r := newRouter(addr, 8, "POST /count HTTP/1.1\r\nHost: sample\r\nContent-Length: 5\r\n\r\nquick")
	r.send(time.Millisecond, good, nil)
	got := r.finish()
	for range uploaders { // all at once they would be more than there are permits and places
		select {
		case enough <- struct{}{}:
			<-ended
		case <-ended: // it failed before
		}
	}
	t.Log(got)
	assert.AtLeast(t, got.sent-got.lost-got.other, good*99/100)
}

// sendSlowly sends a byte of the body every now and then, and the rest of it when
// it is told to.
func sendSlowly(addr string, finish <-chan struct{}) (status int, err error) {
	const size = 4000
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintf(conn, "POST /count HTTP/1.1\r\nHost: sample\r\nContent-Length: %d\r\n\r\n", size); err != nil {
		return 0, err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for sent := 0; sent < size; {
		part := make([]byte, 1)
		select {
		case <-tick.C:
		case <-finish:
			part = make([]byte, size-sent)
		}
		n, err := conn.Write(part)
		if err != nil {
			return 0, err
		}
		sent += n
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	_ = res.Body.Close()
	return res.StatusCode, nil
}

var activePosts = regexp.MustCompile(`http_server_active_requests\{[^}]*http_request_method="POST"[^}]*\} (\d+)`)

// uploading is how many POST requests the service has at the moment.
func (p *process) uploading(t *testing.T) int {
	t.Helper()
	res, err := http.Get("http://" + p.admin(t) + "/metrics")
	assert.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	assert.NoError(t, err)
	found := activePosts.FindSubmatch(text)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(string(found[1]))
	assert.NoError(t, err)
	return n
}
