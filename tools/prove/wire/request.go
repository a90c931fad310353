package wire

import (
	"net"
	"strconv"
	"strings"
)

// Request builds the exact bytes of a request. Nothing is checked, escaped or reordered: what is written is what is
// sent, so that a malformed request can be built as easily as a good one. The zero value is an empty request.
type Request struct{ raw []byte }

// NewRequest starts a request with the line "METHOD target HTTP/1.1".
func NewRequest(method, target string) *Request {
	return new(Request).Line(method + " " + target + " HTTP/1.1")
}

// Line adds text and CRLF.
func (r *Request) Line(text string) *Request {
	r.raw = append(append(r.raw, text...), "\r\n"...)
	return r
}

// Header adds the line "name: value".
func (r *Request) Header(name, value string) *Request { return r.Line(name + ": " + value) }

// Raw adds bytes as they are.
func (r *Request) Raw(text string) *Request {
	r.raw = append(r.raw, text...)
	return r
}

// End adds the empty line that ends the head.
func (r *Request) End() *Request { return r.Line("") }

// Body adds a truthful Content-Length, the end of the head and the body.
func (r *Request) Body(contentType, body string) *Request {
	r.Header("Content-Type", contentType).Header("Content-Length", strconv.Itoa(len(body)))
	return r.End().Raw(body)
}

// Chunk adds one chunk of a chunked body. An empty chunk is the one that ends the body, without trailers.
func (r *Request) Chunk(data string) *Request {
	return r.Line(strconv.FormatInt(int64(len(data)), 16)).Line(data)
}

// Bytes returns a copy of what has been built.
func (r *Request) Bytes() []byte { return append([]byte(nil), r.raw...) }

// String returns what has been built as it is.
func (r *Request) String() string { return string(r.raw) }

// Shell returns a command for a POSIX shell that sends the request to addr ("host:port") with printf and nc, so that a
// reader can repeat by hand what a verdict rests on. Long requests are not cut: the command is meant to work.
func (r *Request) Shell(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return "printf '" + shellEscape(r.raw) + "' | nc " + host + " " + port
}

// shellEscape writes b as the format of printf(1), in single quotes.
func shellEscape(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		switch {
		case c == '\r':
			s.WriteString(`\r`)
		case c == '\n':
			s.WriteString(`\n`)
		case c == '\\':
			s.WriteString(`\\`)
		case c == '%':
			s.WriteString(`%%`)
		case c == '\'', c < ' ', c >= 0x7f:
			s.WriteByte('\\')
			s.WriteByte('0' + c>>6)
			s.WriteByte('0' + c>>3&7)
			s.WriteByte('0' + c&7)
		default:
			s.WriteByte(c)
		}
	}
	return s.String()
}
