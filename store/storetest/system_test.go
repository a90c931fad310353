package storetest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestWithoutBinariesItSaysHowToGetThem(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := findBinaries(t.TempDir() + "/*/bin")
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "apt-get install postgresql")
	assert.True(t, skips(fmt.Errorf("start: %w", err), ""))
	assert.False(t, skips(err, "true"), "in CI a skipped test is a failed one")
	assert.False(t, skips(errors.New("the server does not start"), ""))
	assert.False(t, skips(nil, ""))
}

func TestTheNewestBinariesAreFound(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := t.TempDir()
	for _, name := range []string{"9/bin/postgres", "15/bin/postgres", "18/bin/psql"} {
		assert.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		assert.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o700))
	}
	found, err := findBinaries(dir + "/*/bin")
	assert.NoError(t, err)
	assert.Equal(t, found, dir+"/15/bin")

	// PATH comes first, and may hold a link to initdb alone.
	assert.NoError(t, os.WriteFile(filepath.Join(dir, "9/bin/initdb"), nil, 0o700))
	assert.NoError(t, os.Symlink(filepath.Join(dir, "9/bin/initdb"), filepath.Join(os.Getenv("PATH"), "initdb")))
	found, err = findBinaries(dir + "/*/bin")
	assert.NoError(t, err)
	assert.Equal(t, found, dir+"/9/bin")
}

func TestFoldersOfTheDeadAreRemoved(t *testing.T) {
	gone := exec.CommandContext(t.Context(), "/bin/true")
	assert.NoError(t, gone.Run())
	base := t.TempDir()
	folder := func(pid int) string {
		dir := filepath.Join(base, fmt.Sprintf("%s%d-123", folderPrefix, pid))
		assert.NoError(t, os.MkdirAll(filepath.Join(dir, "data"), 0o700))
		return dir
	}
	stale, live := folder(gone.Process.Pid), folder(os.Getpid())
	removeStale(base)
	_, err := os.Stat(stale)
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = os.Stat(live)
	assert.NoError(t, err)
}
