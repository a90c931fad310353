package sqlite_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// child, when set, is the database that TestWriterOfACrash writes to until it
// is killed.
const child = "SQLITE_CHILD"

func TestWriterOfACrash(t *testing.T) {
	url := os.Getenv(child)
	if url == "" {
		t.Skip("run by TestACommitSurvivesKill9")
	}
	db := open(t, url)
	run(t, db.Writer(), "CREATE TABLE t (id INTEGER PRIMARY KEY)")
	for i := 1; ; i++ {
		run(t, db.Writer(), fmt.Sprintf("INSERT INTO t VALUES (%d)", i))
		if _, err := fmt.Println("committed", i); err != nil {
			return // nobody listens any more
		}
	}
}

// What was acknowledged before a kill -9 is there afterwards, in an intact
// file, although commits are not synced.
func TestACommitSurvivesKill9(t *testing.T) {
	for round := range 3 {
		url := "sqlite:" + t.TempDir() + "/orders.db"
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestWriterOfACrash$")
		cmd.Env = append(os.Environ(), child+"="+url)
		output, err := cmd.StdoutPipe()
		assert.NoError(t, err)
		assert.NoError(t, cmd.Start())
		acknowledged, killed := 0, false
		for lines := bufio.NewScanner(output); lines.Scan(); {
			_, _ = fmt.Sscanf(lines.Text(), "committed %d", &acknowledged) // other lines are not counted
			if acknowledged > 300*(round+1) && !killed {
				assert.NoError(t, cmd.Process.Kill())
				killed = true // what it had written is still read
			}
		}
		assert.Error(t, cmd.Wait(), "it was killed")
		db := open(t, url)
		assert.Equal(t, one[string](t, db.Reader(), "PRAGMA integrity_check"), "ok")
		kept := one[int](t, db.Reader(), "SELECT count(*) FROM t")
		assert.AtLeast(t, kept, acknowledged)
		assert.AtMost(t, kept, acknowledged+1, "one more was committed and not yet acknowledged")
		run(t, db.Writer(), "INSERT INTO t VALUES (0)")
	}
}
