package servicetest

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

const (
	memoryLimit = 64 << 20
	hoarded     = 512 << 10 // by each request, while it works
	hoarders    = 512       // in the end: four times the limit
)

// hoard asks again and again, many at once, and says how many were served and how
// many refused.
func hoard(t *testing.T, addr string, length time.Duration) (served, refused int64) {
	t.Helper()
	var s, r atomic.Int64
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: hoarders}, Timeout: patience}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	end := time.Now().Add(length)
	for i := range hoarders {
		wg.Go(func() {
			<-time.After(time.Duration(i) * length / (2 * hoarders)) // more and more
			for time.Now().Before(end) {
				res, err := client.Get("http://" + addr + "/hoard")
				if err != nil {
					t.Errorf("a request was lost: %v", err)
					return
				}
				_ = res.Body.Close()
				if res.StatusCode == http.StatusServiceUnavailable {
					r.Add(1)
					<-time.After(10 * time.Millisecond)
				} else {
					s.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return s.Load(), r.Load()
}

// A process whose requests want more and more memory sheds some of them before it
// has gone far beyond its limit, and serves all again once fewer ask. The same load
// without admission takes all that it wants.
func TestMemoryPressureSheds(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own")
	}
	peaks := map[string]int{}
	for _, mode := range []string{"fixed:1000", "off"} {
		p := launch(t, nil, "PAYMENTS_URL=http://127.0.0.1:1", "GOMEMLIMIT=64MiB", "PLIMSOLL_ADMISSION="+mode)
		addr := p.serving(t)
		before := p.memory(t, "VmRSS") // the program itself, for the most part
		p.resetPeak(t)
		served, refused := hoard(t, addr, 3*time.Second)
		peaks[mode] = p.memory(t, "VmHWM") - before
		t.Logf("%s: %d served, %d refused, %d MiB more at most, of %d", mode, served, refused, peaks[mode]>>20, memoryLimit>>20)
		assert.NotZero(t, served)
		if mode == "off" {
			assert.Zero(t, refused)
			break
		}
		assert.NotZero(t, refused)
		metrics := fetch(t, p.admin(t), "/metrics")
		assert.Match(t, metrics, `plimsoll_admission_refused_total\{[^}]*reason="memory"[^}]*\} [1-9]`)
		assert.Eventually(t, patience, func() bool {
			return strings.Contains(fetch(t, p.admin(t), "/manifest"), `"lowest": "sheddable"`)
		}, "it never came back")
		res, err := http.Get("http://" + addr + "/hoard")
		assert.NoError(t, err)
		_ = res.Body.Close()
		assert.Equal(t, res.StatusCode, http.StatusOK)
	}
	assert.AtMost(t, peaks["fixed:1000"], memoryLimit*3/2)
	assert.AtLeast(t, peaks["off"], memoryLimit*7/4, "the load is enough to tell")
}

// fetch reads a page of the admin listener.
func fetch(t *testing.T, admin, path string) string {
	t.Helper()
	res, err := http.Get("http://" + admin + path)
	assert.NoError(t, err)
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	assert.NoError(t, err)
	return string(page)
}
