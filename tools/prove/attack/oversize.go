package attack

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/check"
	"github.com/plimsoll-go/plimsoll/tools/prove/run"
	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

const (
	oversizeAnswer = 15 * time.Second       // an answer to an oversize body is waited for this long
	memoryLook     = 20 * time.Millisecond  // between two looks at the memory
	memorySettle   = 300 * time.Millisecond // what was taken in goes on being copied after the answer
	warmRequests   = 50                     // ordinary requests first, so that growth is not that of a cold start
)

// offerOversize offers bodies that are too large: by length, in chunks, and packed.
func (s *Session) offerOversize(ctx context.Context) error {
	if !s.wants("oversize") {
		return nil
	}
	op, ok := bodied(s.spec)
	if !ok {
		s.skip(ctx, "oversize", check.NoBody, "no operation has a body")
		return nil
	}
	s.opt.Say("oversize bodies")
	for round := 1; round <= mostRounds; round++ {
		for _, form := range []string{run.ByLength, run.ByChunks, run.ByGzip} {
			if err := s.offerOne(ctx, op, form, round); err != nil {
				return err
			}
		}
		if !s.undecided("oversize") {
			break
		}
	}
	return nil
}

// offerOne makes one try on a fresh process: the memory of one that took a body before says nothing about the next.
func (s *Session) offerOne(ctx context.Context, op spec.Operation, form string, round int) error {
	in, err := s.spare(ctx, "oversize", shape{}, "oversize")
	if in == nil {
		return err
	}
	defer in.stop()
	for range warmRequests {
		if _, err := in.do(ctx, op); err != nil {
			break // the try itself will tell
		}
	}
	a, err := in.request(ctx, op)
	if err != nil {
		s.skip(ctx, "oversize", check.ToolFailed, "%v", err)
		return nil
	}
	size := int64(s.Policy().Plan.Oversize)
	record := run.Oversize{Form: form, Round: round, Size: size}
	measured := in.peak(ctx, func() {
		request, err := oversized(a, in.addr, form, size)
		if err != nil {
			record.Problem = err.Error()
			return
		}
		in.offer(ctx, request, &record)
	})
	record.Before, record.Peak, record.Measured = measured.before, measured.peak, measured.known
	record.Alive = in.alive(ctx)
	if ctx.Err() == nil {
		s.add(ctx, record)
	}
	return ctx.Err()
}

func (in *instance) offer(ctx context.Context, request io.Reader, record *run.Oversize) {
	x, err := wire.Do(ctx, in.addr, request, wire.Wait{Answer: oversizeAnswer, Linger: memorySettle}, wire.Options{})
	if err != nil {
		record.Problem = err.Error()
		return
	}
	record.Sent, record.After = x.Sent, x.Close.At
	if x.Response.Complete {
		record.Status, record.After = x.Response.Status, x.Response.Last
	}
	if x.Close.Kind != wire.Open && x.Close.Kind != wire.Local {
		record.Closed = strings.ToUpper(x.Close.Kind.String())
	}
	record.Transcript = strings.Split(strings.TrimRight(wire.Format(x.Events), "\n"), "\n")
}

// grown is the resident memory before and at its highest during an attack.
type grown struct {
	before, peak int64
	known        bool
}

// peak measures memory while the attack is made: the kernel's own high-water mark, and samples in case it can't be reset.
func (in *instance) peak(ctx context.Context, attack func()) grown {
	before, err := in.process.Sample()
	if err != nil {
		attack()
		return grown{}
	}
	marked := in.process.ResetPeak() == nil
	g := grown{before: before.RSS, peak: before.RSS, known: true}
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		again := time.NewTicker(memoryLook)
		defer again.Stop()
		for {
			if now, err := in.process.Sample(); err == nil {
				g.peak = max(g.peak, now.RSS)
				if marked {
					g.peak = max(g.peak, now.PeakRSS)
				}
			}
			select {
			case <-again.C:
			case <-done:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	attack()
	close(done)
	<-stopped
	return g
}

// oversized is a request whose body is the operation's own with one text in it grown to the size: a body that any
// decoder has to take in before it can say what is wrong with it.
func oversized(a asked, addr, form string, size int64) (io.Reader, error) {
	before, after := split(a.body)
	body := func() io.Reader {
		return io.MultiReader(strings.NewReader(before), io.LimitReader(filler{}, size), strings.NewReader(after))
	}
	length := int64(len(before)) + size + int64(len(after))
	head := a.head(addr)
	switch form {
	case run.ByLength:
		head.Header("Content-Length", fmt.Sprint(length)).End()
		return io.MultiReader(bytes.NewReader(head.Bytes()), body()), nil
	case run.ByChunks:
		head.Header("Transfer-Encoding", "chunked").End()
		return io.MultiReader(bytes.NewReader(head.Bytes()), &chunks{from: body()}), nil
	}
	packed, err := pack(body())
	if err != nil {
		return nil, fmt.Errorf("pack the body: %w", err)
	}
	head.Header("Content-Encoding", "gzip").Header("Content-Length", fmt.Sprint(len(packed))).End()
	return io.MultiReader(bytes.NewReader(head.Bytes()), bytes.NewReader(packed)), nil
}

// split cuts a body inside its first JSON text value, or before all of it when there is none.
func split(body string) (before, after string) {
	for _, mark := range []string{`":"`, `": "`} {
		if i := strings.Index(body, mark); i >= 0 {
			return body[:i+len(mark)], body[i+len(mark):]
		}
	}
	return "", body
}

// filler is an endless run of one letter.
type filler struct{}

func (filler) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// chunkSize is that of a chunk on the wire.
const chunkSize = 32 << 10

// chunks frames what it reads as a chunked body.
type chunks struct {
	from io.Reader
	out  bytes.Buffer
	over bool
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.out.Len() == 0 && c.over {
		return 0, io.EOF
	}
	if c.out.Len() == 0 {
		data := make([]byte, chunkSize)
		n, err := io.ReadFull(c.from, data)
		if n > 0 {
			fmt.Fprintf(&c.out, "%x\r\n%s\r\n", n, data[:n])
		}
		if err != nil {
			c.over = true
			c.out.WriteString("0\r\n\r\n")
		}
	}
	return c.out.Read(p)
}

// pack compresses a body as a client would.
func pack(body io.Reader) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.Copy(w, body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
