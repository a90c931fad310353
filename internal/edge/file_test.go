package edge

import (
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// A file goes out by sendfile, also to a client that takes its time.
func TestFilesArriveWhole(t *testing.T) {
	want := make([]byte, 8<<20)
	_, _ = rand.Read(want)
	name := filepath.Join(t.TempDir(), "file")
	assert.NoError(t, os.WriteFile(name, want, 0o600))
	l := listen(t, Config{WriteStall: 400 * time.Millisecond})
	accepted := accepting(t, l)
	for how, limit := range map[string]int64{"whole": 0, "limited": 5 << 20} {
		client := dial(t, l)
		server := <-accepted
		file, err := os.Open(name)
		assert.NoError(t, err)
		var src io.Reader = file
		part := want
		if limit > 0 {
			src, part = io.LimitReader(file, limit), want[:limit]
		}
		sent := make(chan error)
		go func() {
			n, err := server.(*Conn).ReadFrom(src)
			if err == nil && n != int64(len(part)) {
				err = errors.New("wrong count")
			}
			sent <- errors.Join(err, server.Close(), file.Close())
		}()
		var got []byte
		pause := time.NewTicker(120 * time.Millisecond)
		for range 6 { // the windows are of 100 ms: some end with nothing taken, some with something
			<-pause.C
			buf := make([]byte, 500_000)
			n, err := io.ReadFull(client, buf)
			assert.NoError(t, err)
			got = append(got, buf[:n]...)
		}
		pause.Stop()
		rest, err := io.ReadAll(client)
		assert.NoError(t, err)
		assert.NoError(t, <-sent, how)
		assert.True(t, string(append(got, rest...)) == string(part), how)
	}
	assert.Zero(t, l.Stalled())
}

func TestAStalledFileIsCut(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	assert.NoError(t, os.WriteFile(name, make([]byte, 16<<20), 0o600))
	l := listen(t, Config{WriteStall: 200 * time.Millisecond})
	accepted := accepting(t, l)
	dial(t, l)
	server := <-accepted
	file, err := os.Open(name)
	assert.NoError(t, err)
	defer file.Close()
	_, err = server.(*Conn).ReadFrom(file)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.Equal(t, l.Stalled(), 1)
	_, err = file.Seek(0, io.SeekStart)
	assert.NoError(t, err)
	_, err = server.(*Conn).ReadFrom(file)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// Where the connection below copies through memory and is interrupted, what it
// read is gone: the write fails rather than go on with a hole in it.
func TestAFileIsNotSentWithAHole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	assert.NoError(t, os.WriteFile(name, make([]byte, 1000), 0o600))
	file, err := os.Open(name)
	assert.NoError(t, err)
	defer file.Close()
	p := pipes{conns: make(chan net.Conn, 1)}
	p.conns <- copying{}
	c, err := New(p, Config{}).Accept()
	assert.NoError(t, err)
	n, err := c.(*Conn).ReadFrom(file)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.Equal(t, n, 50)
}

type copying struct{ net.Conn }

func (copying) SetWriteDeadline(time.Time) error { return nil }

func (copying) ReadFrom(src io.Reader) (int64, error) {
	_, _ = io.ReadFull(src, make([]byte, 100))
	return 50, os.ErrDeadlineExceeded
}

// What is not a regular file is copied, through writes that are watched.
func TestReadFromAnythingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Config{WriteStall: stall})
		src, feed := io.Pipe()
		go func() {
			_, _ = feed.Write([]byte("hello"))
			_ = feed.Close()
		}()
		got := make([]byte, 5)
		go func() { _, _ = io.ReadFull(client, got) }()
		n, err := c.ReadFrom(src)
		assert.NoError(t, err)
		assert.Equal(t, n, 5)
		synctest.Wait()
		assert.Equal(t, string(got), "hello")
	})
}
