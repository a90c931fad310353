package wire

import (
	"bytes"
	"errors"
	"fmt"
)

var (
	// ErrMalformed is what no HTTP/1.1 response can look like.
	ErrMalformed = errors.New("malformed response")
	// ErrTruncated is a connection that ended inside a response.
	ErrTruncated = errors.New("response cut short")
)

// Values of [Parser.RetryAfter] besides a number of seconds.
const (
	NoRetryAfter  = -1 // the response has no Retry-After
	BadRetryAfter = -2 // it has one that is not a whole number of seconds (an HTTP date, a fraction, a word)
)

// maxHead bounds the head of a response with its trailers: four times what common servers send at most.
const maxHead = 256 << 10

// Parser takes an HTTP/1.1 response as it comes, in pieces of any size, without allocating on the usual path (a head
// that arrives in one piece). Interim responses (1xx) are counted and skipped. It is lenient where RFC 9112 lets a
// recipient be (bare LF, spaces around values), and says malformed otherwise. The zero value is ready for a response to
// anything but HEAD.
type Parser struct {
	// OnHeader, if set, sees each header line of the final response; the slices hold only during the call.
	OnHeader func(name, value []byte)
	// OnBody, if set, sees the body as it comes, without its framing; the slice holds only during the call.
	OnBody func(p []byte)

	Status      int   // of the final response; 0 until its status line is read
	Minor       int   // x of HTTP/1.x
	Length      int64 // Content-Length; -1 without one
	Chunked     bool  // Transfer-Encoding ends in chunked
	Close       bool  // the connection cannot carry another request
	RetryAfter  int   // seconds, or NoRetryAfter, or BadRetryAfter
	NotExecuted bool  // "Plimsoll-Executed: no"
	Interim     int   // 1xx responses before the final one
	BodyBytes   int64 // body received, without framing

	state     state
	head      bool // the answer to a HEAD
	encoded   bool // some Transfer-Encoding
	keepAlive bool // "Connection: keep-alive"
	left      int64
	headBytes int
	carry     []byte // a line that began in an earlier piece
}

type state uint8

const (
	atStatus state = iota
	atHeader
	inFixed
	atChunk
	inChunk
	afterChunk
	atTrailer
	untilClose
	done
	broken
)

// Reset makes the parser ready for the next response; head says that it answers a HEAD, which has no body whatever its
// headers announce.
func (p *Parser) Reset(head bool) {
	*p = Parser{OnHeader: p.OnHeader, OnBody: p.OnBody, carry: p.carry[:0], head: head, Length: -1, RetryAfter: NoRetryAfter}
}

// Done reports whether the response is complete.
func (p *Parser) Done() bool { return p.state == done }

// Begun reports whether any byte of the response has been taken.
func (p *Parser) Begun() bool { return p.headBytes > 0 }

// Feed takes what it can of b and returns how many bytes that was: fewer than len(b) only when the response is complete,
// and what is left does not belong to it. After an error the parser takes nothing more.
func (p *Parser) Feed(b []byte) (int, error) {
	if p.state == atStatus && p.headBytes == 0 {
		p.start()
	}
	n := 0
	for n < len(b) && p.state < done {
		used, err := p.step(b[n:])
		n += used
		if err != nil {
			p.state = broken
			return n, err
		}
	}
	if p.state == broken {
		return n, ErrMalformed
	}
	return n, nil
}

// start sets what a zero value lacks.
func (p *Parser) start() {
	p.Length, p.RetryAfter = -1, NoRetryAfter
}

// End tells the parser that the connection has ended. A body that is delimited by the end is then complete; anything
// else that is not is [ErrTruncated].
func (p *Parser) End() error {
	switch p.state {
	case untilClose:
		p.state = done
		return nil
	case done:
		return nil
	case broken:
		return ErrMalformed
	}
	return ErrTruncated
}

func (p *Parser) step(b []byte) (int, error) {
	switch p.state {
	case inFixed, inChunk:
		return p.body(b)
	case untilClose:
		p.take(b)
		return len(b), nil
	}
	line, n, err := p.line(b)
	if err != nil || line == nil {
		return n, err
	}
	switch p.state {
	case atStatus:
		err = p.statusLine(line)
	case atHeader:
		err = p.headerLine(line)
	case atChunk:
		err = p.chunkLine(line)
	case afterChunk:
		if len(line) != 0 {
			err = fmt.Errorf("%w: chunk longer than it said", ErrMalformed)
		}
		p.state = atChunk
	case atTrailer:
		if len(line) == 0 {
			p.state = done
		}
	}
	p.carry = p.carry[:0]
	return n, err
}

// line returns the next line without its end, nil if b has no end of line yet, and how much of b it took.
func (p *Parser) line(b []byte) ([]byte, int, error) {
	i := bytes.IndexByte(b, '\n')
	n := i + 1
	if i < 0 {
		n = len(b)
	}
	p.headBytes += n
	if p.state == atChunk || p.state == afterChunk {
		p.headBytes -= n // framing is not the head, but a single line of it has the same bound
	}
	if p.headBytes > maxHead || len(p.carry)+n > maxHead {
		return nil, n, fmt.Errorf("%w: head over %d bytes", ErrMalformed, maxHead)
	}
	if i < 0 {
		p.carry = append(p.carry, b...)
		return nil, n, nil
	}
	line := b[:i]
	if len(p.carry) > 0 {
		p.carry = append(p.carry, line...)
		line = p.carry
	}
	if k := len(line); k > 0 && line[k-1] == '\r' {
		line = line[:k-1]
	}
	if line == nil {
		line = []byte{}
	}
	return line, n, nil
}

// statusLine takes "HTTP/1.1 200 OK"; the reason may be missing, with or without its space.
func (p *Parser) statusLine(line []byte) error {
	const prefix = "HTTP/1."
	ok := len(line) >= len(prefix)+5 && string(line[:len(prefix)]) == prefix && line[8] == ' ' &&
		(line[7] == '0' || line[7] == '1') && (len(line) == 12 || line[12] == ' ')
	if !ok {
		return fmt.Errorf("%w: status line %.60q", ErrMalformed, line)
	}
	status, ok := decimal(line[9:12])
	if !ok || status < 100 {
		return fmt.Errorf("%w: status %.20q", ErrMalformed, line[9:])
	}
	p.Status, p.Minor = int(status), int(line[7]-'0')
	p.state = atHeader
	return nil
}

func (p *Parser) headerLine(line []byte) error {
	if len(line) == 0 {
		return p.headEnd()
	}
	if line[0] == ' ' || line[0] == '\t' {
		return fmt.Errorf("%w: folded header", ErrMalformed)
	}
	i := bytes.IndexByte(line, ':')
	if i <= 0 || line[i-1] == ' ' || line[i-1] == '\t' {
		return fmt.Errorf("%w: header %.60q", ErrMalformed, line)
	}
	name, value := line[:i], trim(line[i+1:])
	if p.Status < 200 && p.Status != 101 {
		return nil
	}
	if p.OnHeader != nil {
		p.OnHeader(name, value)
	}
	return p.known(name, value)
}

// known takes the headers that decide about framing, reuse and refusal.
func (p *Parser) known(name, value []byte) error {
	switch len(name) {
	case len("connection"):
		if fold(name, "connection") {
			p.Close = p.Close || hasToken(value, "close")
			p.keepAlive = p.keepAlive || hasToken(value, "keep-alive")
		}
	case len("retry-after"):
		if fold(name, "retry-after") {
			p.RetryAfter = BadRetryAfter
			if n, ok := decimal(value); ok && n < 1<<31 {
				p.RetryAfter = int(n)
			}
		}
	case len("content-length"):
		if fold(name, "content-length") {
			n, ok := decimal(value)
			if !ok || p.Length >= 0 && p.Length != n {
				return fmt.Errorf("%w: content-length %.40q", ErrMalformed, value)
			}
			p.Length = n
		}
	case len("transfer-encoding"): // as long as plimsoll-executed
		if fold(name, "transfer-encoding") {
			p.encoded = true
			p.Chunked = fold(lastToken(value), "chunked")
		} else if fold(name, "plimsoll-executed") {
			p.NotExecuted = fold(value, "no")
		}
	}
	return nil
}

// headEnd decides how the body is delimited: RFC 9112, section 6.3.
func (p *Parser) headEnd() error {
	if p.Status < 200 && p.Status != 101 {
		p.Interim++
		p.state = atStatus
		return nil
	}
	if p.Minor == 0 && !p.keepAlive {
		p.Close = true
	}
	switch {
	case p.Status == 101:
		p.Close, p.state = true, done
	case p.head, p.Status == 204, p.Status == 304:
		p.state = done
	case p.Chunked:
		p.state = atChunk
	case p.encoded, p.Length < 0:
		p.Close, p.state = true, untilClose
	case p.Length == 0:
		p.state = done
	default:
		p.left, p.state = p.Length, inFixed
	}
	return nil
}

func (p *Parser) chunkLine(line []byte) error {
	size := line
	if i := bytes.IndexByte(line, ';'); i >= 0 {
		size = line[:i]
	}
	n, ok := hexadecimal(trim(size))
	if !ok {
		return fmt.Errorf("%w: chunk size %.40q", ErrMalformed, line)
	}
	p.left, p.state = n, inChunk
	if n == 0 {
		p.state = atTrailer
	}
	return nil
}

// body takes as much of b as the fixed length or the chunk still wants.
func (p *Parser) body(b []byte) (int, error) {
	if int64(len(b)) > p.left {
		b = b[:p.left]
	}
	p.take(b)
	p.left -= int64(len(b))
	if p.left == 0 {
		if p.state == inChunk {
			p.state = afterChunk
		} else {
			p.state = done
		}
	}
	return len(b), nil
}

func (p *Parser) take(b []byte) {
	p.BodyBytes += int64(len(b))
	if p.OnBody != nil {
		p.OnBody(b)
	}
}
