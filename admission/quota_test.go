package admission

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestTheQuotaTellsWhatItTook(t *testing.T) {
	dir := t.TempDir()
	stat := filepath.Join(dir, "cpu.stat")
	write := func(text string) { assert.NoError(t, os.WriteFile(stat, []byte(text), 0o600)) }
	write("usage_usec 5\nnr_throttled 1\nthrottled_usec 1000000\nnr_bursts 0\n")
	file, err := os.Open(stat)
	assert.NoError(t, err)
	defer file.Close()

	now := time.Now()
	q := quota{file: file, tried: true, at: now}
	q.taken = q.read()
	write("usage_usec 9\nnr_throttled 2\nthrottled_usec 1500000\nnr_bursts 0\n")
	assert.Zero(t, q.throttled(now.Add(quotaEvery/2)), "read again too soon")
	assert.Equal(t, q.throttled(now.Add(2*time.Second)), 0.25)
	assert.Zero(t, q.throttled(now.Add(4*time.Second)))
	assert.Zero(t, testing.AllocsPerRun(10, func() { now = now.Add(time.Hour); q.throttled(now) }))
}

func TestWithoutAQuotaNothingIsTaken(t *testing.T) {
	q := quota{tried: true}
	assert.Zero(t, q.throttled(time.Now().Add(time.Hour)))
}

func TestTheFileOfTheOwnGroup(t *testing.T) {
	root := t.TempDir()
	groups := filepath.Join(root, "groups")
	assert.NoError(t, os.Mkdir(filepath.Join(root, "pod"), 0o700))
	for _, name := range []string{"pod/cpu.stat", "memory.max"} {
		assert.NoError(t, os.WriteFile(filepath.Join(root, name), nil, 0o600))
	}
	assert.NoError(t, os.WriteFile(groups, []byte("4:memory:/x\n0::/pod\n"), 0o600))
	assert.Equal(t, groupFile(groups, root, "cpu.stat"), filepath.Join(root, "pod/cpu.stat"))
	assert.Equal(t, groupFile(groups, root, "memory.max"), filepath.Join(root, "memory.max"), "told its outer name")
	assert.Zero(t, groupFile(groups, root, "io.stat"))
	assert.Zero(t, groupFile(filepath.Join(root, "none"), root, "cpu.stat"))
	assert.NoError(t, os.WriteFile(groups, []byte("4:memory:/x\n"), 0o600)) // only the older kind
	assert.Zero(t, groupFile(groups, root, "cpu.stat"))
}

func FuzzThrottledTime(f *testing.F) {
	f.Add([]byte("throttled_usec 12\n"))
	f.Add([]byte("throttled_usec 99999999999999999999"))
	f.Add([]byte("throttled_usec "))
	f.Fuzz(func(t *testing.T, text []byte) {
		if d := throttledTime(text); d < 0 {
			t.Errorf("%q took %v", text, d)
		}
	})
}
