package edge

import (
	"errors"
	"io"
	"os"
)

// A write is watched in windows, quarters of the stall that is allowed. A window
// that is more than half ahead is left as it is, so most writes cost a look at
// the clock and no more. When one ends, what was written since is progress.
const windows = 4

// stallError is what a write returns when the client took nothing.
type stallError struct{}

// Error implements error.
func (stallError) Error() string { return "write: the client stalled: it took nothing of its answer" }

// Timeout implements net.Error.
func (stallError) Timeout() bool { return true }

// Temporary implements net.Error.
func (stallError) Temporary() bool { return false }

// Is makes it an os.ErrDeadlineExceeded.
func (stallError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	progress, err := c.begin()
	if err != nil {
		return 0, err
	}
	for total := 0; ; {
		n, err := c.Conn.Write(p[total:])
		total += n
		if err == nil {
			return total, nil
		}
		if err = c.goOn(err, n > 0, &progress); err != nil {
			return total, err
		}
	}
}

// ReadFrom implements io.ReaderFrom: a regular file goes to the socket without
// passing through memory, as far as the connection below can do that.
func (c *Conn) ReadFrom(src io.Reader) (int64, error) {
	below, ok := c.Conn.(io.ReaderFrom)
	file := regular(src)
	if !ok || file == nil {
		return io.Copy(onlyWriter{c}, src)
	}
	start, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return io.Copy(onlyWriter{c}, src)
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	progress, err := c.begin()
	if err != nil {
		return 0, err
	}
	for total := int64(0); ; {
		n, err := below.ReadFrom(src)
		total += n
		if err == nil {
			return total, nil
		}
		// Below it may have been copied through memory after all, and then
		// what was read and not written is lost.
		if at, seekErr := file.Seek(0, io.SeekCurrent); seekErr != nil || at != start+total {
			return total, err
		}
		if err = c.goOn(err, n > 0, &progress); err != nil {
			return total, err
		}
	}
}

// onlyWriter hides ReadFrom from io.Copy.
type onlyWriter struct{ io.Writer }

// regular is the regular file that src reads, all of it or up to a limit.
func regular(src io.Reader) *os.File {
	if limited, ok := src.(*io.LimitedReader); ok {
		src = limited.R
	}
	file, ok := src.(*os.File)
	if !ok {
		return nil
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return file
}

// begin opens a window for a write that starts now.
func (c *Conn) begin() (now int64, err error) {
	stall := c.listener.config.WriteStall
	if stall < 0 {
		return 0, nil
	}
	if c.stalled.Load() {
		return 0, stallError{}
	}
	now = c.listener.now()
	if window := c.window.Load(); window != never && window-now > int64(stall)/windows/2 {
		return now, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.window.Store(now + int64(stall)/windows)
	return now, c.applyLocked()
}

// goOn decides about a write that failed: it goes on in another window as long
// as the client takes something of it.
func (c *Conn) goOn(err error, got bool, progress *int64) error {
	stall := int64(c.listener.config.WriteStall)
	if stall < 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.listener.now()
	if now >= c.above {
		return err
	}
	if got {
		*progress = now
	}
	if now-*progress >= stall {
		c.stalled.Store(true)
		c.listener.stalled.Add(1)
		return stallError{}
	}
	c.window.Store(min(now+stall/windows, *progress+stall))
	return c.applyLocked()
}

// applyLocked sets the earlier of both deadlines on the connection below.
func (c *Conn) applyLocked() error {
	want := min(c.above, c.window.Load())
	if want == c.set {
		return nil
	}
	if err := c.Conn.SetWriteDeadline(c.listener.at(want)); err != nil {
		return err
	}
	c.set = want
	return nil
}
