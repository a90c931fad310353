package fault

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Request is a call as a Script sees it.
type Request struct {
	ID     int64  // order of arrival at the sink, from 1
	Conn   int64  // order in which the connection was accepted, from 1
	Nth    int    // order on its connection, from 1
	Method string // as it was sent
	Path   string // the target as it was sent, with its query
	Body   []byte // the body's first bytes: as many as the sink keeps, at least 4 KiB
	Size   int64  // of the whole body
	Hash   string // of the whole body, as in Record
	fields []field
	minor  int // of the HTTP version
}

// field is one header line; name is as it was sent.
type field struct{ name, value string }

// Get is the value of a header, in any case; several of one name are joined by
// ", ". Empty when there is none.
func (r Request) Get(name string) string {
	joined, found := "", false
	for _, f := range r.fields {
		if len(f.name) != len(name) || !strings.EqualFold(f.name, name) {
			continue
		}
		if found {
			joined += ", "
		}
		joined, found = joined+f.value, true
	}
	return joined
}

// has tells whether a comma-separated header holds the token, in any case.
func (r Request) has(name, token string) bool {
	for part := range strings.SplitSeq(r.Get(name), ",") {
		if strings.EqualFold(strings.Trim(part, " \t"), token) {
			return true
		}
	}
	return false
}

// persists tells whether the caller wants the connection kept.
func (r Request) persists() bool {
	if r.has("Connection", "close") {
		return false
	}
	return r.minor > 0 || r.has("Connection", "keep-alive")
}

// malformedError says why bytes are not a request.
type malformedError string

func (e malformedError) Error() string { return string(e) }

// errHeadSize is the malformedError for heads over maxHead.
const errHeadSize = malformedError("head or trailers over 64 KiB")

// decoder reads requests from one connection.
type decoder struct {
	br      *bufio.Reader
	keep    int   // bytes of a body to keep
	maxBody int64 // bytes of a body to read
	spent   int   // bytes of the head or the trailers read so far
	head    []byte
}

// await blocks until a request begins. Empty lines between requests are
// skipped, as RFC 9112 §2.2 asks for.
func (d *decoder) await() error {
	for {
		first, err := d.br.Peek(1)
		if err != nil {
			return err
		}
		if first[0] != '\r' && first[0] != '\n' {
			return nil
		}
		if _, err := d.br.Discard(1); err != nil {
			return err
		}
	}
}

// readHead reads the request line and the headers. It returns a malformedError
// or what reading returned.
func (d *decoder) readHead(q *Request) error {
	d.head, d.spent = d.head[:0], 0
	if err := d.checkFirst(); err != nil {
		return err
	}
	ends := make([]int, 0, 16) // where each line ends in d.head
	for {
		start := len(d.head)
		if err := d.line(); err != nil {
			return err
		}
		if len(d.head) == start && start > 0 {
			break
		}
		ends = append(ends, len(d.head))
	}
	text := string(d.head)
	if err := q.parseLine(text[:ends[0]]); err != nil {
		return err
	}
	q.fields = make([]field, 0, len(ends)-1)
	for i := 1; i < len(ends); i++ {
		f, err := parseField(text[ends[i-1]:ends[i]])
		if err != nil {
			return err
		}
		q.fields = append(q.fields, f)
	}
	return nil
}

// checkFirst refuses what cannot begin a request, since bytes that are not HTTP
// may never hold the end of a line.
func (d *decoder) checkFirst() error {
	first, err := d.br.Peek(1)
	switch {
	case err != nil:
		return err
	case first[0] == 0x16:
		return malformedError("a TLS handshake; this sink speaks plain HTTP, so its URL begins with http://")
	case !isToken(string(first)):
		return malformedError(fmt.Sprintf("a request that begins with %q", first))
	}
	return nil
}

// line appends the next line to d.head, without its end: CRLF or a bare LF.
func (d *decoder) line() error {
	start := len(d.head)
	for {
		part, err := d.br.ReadSlice('\n')
		d.spent += len(part)
		if d.spent > maxHead {
			return errHeadSize
		}
		d.head = append(d.head, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	line := bytes.TrimSuffix(d.head[start:], []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	d.head = d.head[:start+len(line)]
	return nil
}

func (q *Request) parseLine(line string) error {
	method, rest, _ := strings.Cut(line, " ")
	target, version, ok := strings.Cut(rest, " ")
	switch {
	case strings.HasPrefix(line, "PRI * HTTP/2"):
		return malformedError("HTTP/2 with prior knowledge; this sink speaks HTTP/1.1")
	case !ok || !isToken(method) || target == "" || !isVisible(target):
		return malformedError(fmt.Sprintf("request line %q", clip(line, 80)))
	case version == "HTTP/1.1":
		q.minor = 1
	case version == "HTTP/1.0":
		q.minor = 0
	default:
		return malformedError(fmt.Sprintf("protocol version %q", clip(version, 20)))
	}
	q.Method, q.Path = method, target
	return nil
}

func parseField(line string) (field, error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok || !isToken(name) {
		return field{}, malformedError(fmt.Sprintf("header line %q", clip(line, 80)))
	}
	value = strings.Trim(value, " \t")
	for i := range len(value) {
		if value[i] < ' ' && value[i] != '\t' || value[i] == 0x7f {
			return field{}, malformedError(fmt.Sprintf("control byte in header %q", clip(name, 80)))
		}
	}
	return field{name, value}, nil
}

// isToken is RFC 9110's token: a method or a header's name.
func isToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// isVisible tells that there are no spaces and control bytes.
func isVisible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
