package fault

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
)

// framing is how long a request's body is: chunked, or length bytes.
type framing struct {
	chunked bool
	length  int64
}

// framing reads the framing off the headers, refusing whatever could be read
// in two ways (RFC 9112 §6.3).
func (r Request) framing() (framing, error) {
	coding, length := r.Get("Transfer-Encoding"), r.Get("Content-Length")
	switch {
	case coding == "" && length == "":
		return framing{}, nil
	case coding != "" && length != "":
		return framing{}, malformedError("both Transfer-Encoding and Content-Length")
	case coding != "":
		if !strings.EqualFold(coding, "chunked") || r.minor == 0 {
			return framing{}, malformedError(fmt.Sprintf("transfer coding %q", clip(coding, 40)))
		}
		return framing{chunked: true}, nil
	}
	n, err := strconv.ParseUint(length, 10, 63)
	if err != nil {
		return framing{}, malformedError(fmt.Sprintf("content length %q", clip(length, 40)))
	}
	return framing{length: int64(n)}, nil
}

// digest takes a body in: its size, its hash and its first bytes.
type digest struct {
	sum  hash.Hash
	size int64
	max  int64 // largest body taken
	keep int
	body []byte
}

func (d *digest) write(p []byte) error {
	if d.size += int64(len(p)); d.size > d.max {
		return malformedError(fmt.Sprintf("body over %d bytes", d.max))
	}
	d.sum.Write(p)
	if room := d.keep - len(d.body); room > 0 {
		d.body = append(d.body, p[:min(room, len(p))]...)
	}
	return nil
}

// readBody reads the whole body. It returns a malformedError, or what reading
// returned, io.ErrUnexpectedEOF included.
func (d *decoder) readBody(q *Request, f framing) error {
	into := digest{sum: sha256.New(), max: d.maxBody, keep: d.keep}
	read := d.readChunks
	if !f.chunked {
		read = func(into *digest) error { return d.copy(into, f.length) }
	}
	err := read(&into)
	q.Size, q.Body = into.size, into.body
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		q.Hash = hex.EncodeToString(into.sum.Sum(nil)[:16])
	}
	return err
}

// copy takes n bytes in, straight from the connection's buffer.
func (d *decoder) copy(into *digest, n int64) error {
	for n > 0 {
		if _, err := d.br.Peek(1); err != nil {
			return err
		}
		part, err := d.br.Peek(int(min(n, int64(d.br.Buffered()))))
		if err != nil {
			return err
		}
		if err := into.write(part); err != nil {
			return err
		}
		n -= int64(len(part))
		if _, err := d.br.Discard(len(part)); err != nil {
			return err
		}
	}
	return nil
}

// readChunks takes a chunked body in, and its trailers away.
func (d *decoder) readChunks(into *digest) error {
	d.spent = 0
	for {
		size, err := d.chunkSize()
		if err != nil {
			return err
		}
		if size == 0 {
			return d.skipTrailers()
		}
		if err := d.copy(into, size); err != nil {
			return err
		}
		d.spent = 0 // only what is not data is limited here
		end, err := d.shortLine()
		if err != nil {
			return err
		}
		if end != "" {
			return malformedError("chunk longer than its size says")
		}
	}
}

func (d *decoder) chunkSize() (int64, error) {
	line, err := d.shortLine()
	if err != nil {
		return 0, err
	}
	digits, _, _ := strings.Cut(line, ";")
	digits = strings.TrimRight(digits, " \t")
	size, err := strconv.ParseUint(digits, 16, 63)
	if err != nil || strings.ContainsAny(digits, "+-_xX") {
		return 0, malformedError(fmt.Sprintf("chunk size %q", clip(line, 40)))
	}
	return int64(size), nil
}

func (d *decoder) skipTrailers() error {
	for {
		line, err := d.shortLine()
		if err != nil || line == "" {
			return err
		}
		if _, err := parseField(line); err != nil {
			return err
		}
	}
}

// shortLine is the next line of a body's framing.
func (d *decoder) shortLine() (string, error) {
	d.head = d.head[:0]
	err := d.line()
	return string(d.head), err
}
