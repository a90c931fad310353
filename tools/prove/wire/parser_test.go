package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// parsed is all that a parser says about a response.
type parsed struct {
	Status, Minor, RetryAfter, Interim int
	Length, BodyBytes                  int64
	Chunked, Close, NotExecuted, Done  bool
	Headers, Body, Err, Rest           string
}

// parse feeds the input in pieces whose sizes come from cut, one after the other and again; nothing means in one piece.
func parse(input []byte, head, eof bool, cut ...byte) parsed {
	var p Parser
	var out parsed
	var body bytes.Buffer
	p.OnHeader = func(name, value []byte) { out.Headers += fmt.Sprintf("%s=%s;", name, value) }
	p.OnBody = func(b []byte) { body.Write(b) }
	p.Reset(head)
	var err error
	for k := 0; len(input) > 0 && err == nil && !p.Done(); k++ {
		piece := input
		if len(cut) > 0 {
			piece = input[:min(len(input), int(cut[k%len(cut)])+1)]
		}
		var n int
		n, err = p.Feed(piece)
		input = input[n:]
	}
	if err == nil && eof {
		err = p.End()
	}
	if err != nil {
		out.Err = err.Error()
	}
	out.Status, out.Minor, out.RetryAfter, out.Interim = p.Status, p.Minor, p.RetryAfter, p.Interim
	out.Length, out.BodyBytes, out.Chunked, out.Close = p.Length, p.BodyBytes, p.Chunked, p.Close
	out.NotExecuted, out.Done, out.Body, out.Rest = p.NotExecuted, p.Done(), body.String(), string(input)
	return out
}

func TestParserFraming(t *testing.T) {
	for _, c := range []struct {
		name, input string
		head        bool
		eof         bool
		want        parsed
	}{
		{"content-length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP", false, false,
			parsed{Status: 200, Minor: 1, RetryAfter: -1, Length: 5, BodyBytes: 5, Done: true, Body: "hello", Rest: "HTTP"}},
		{"chunked with extension and trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n", false, false,
			parsed{Status: 200, Minor: 1, RetryAfter: -1, Length: -1, BodyBytes: 13, Chunked: true, Done: true, Body: "abc0123456789"}},
		{"until close", "HTTP/1.1 200 OK\r\n\r\nall of it", false, true,
			parsed{Status: 200, Minor: 1, RetryAfter: -1, Length: -1, BodyBytes: 9, Close: true, Done: true, Body: "all of it"}},
		{"chunked but not last is until close", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", false, true,
			parsed{Status: 200, Minor: 1, RetryAfter: -1, Length: -1, BodyBytes: 5, Close: true, Done: true, Body: "0\r\n\r\n"}},
		{"chunked wins over content-length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, false,
			parsed{Status: 200, Minor: 1, RetryAfter: -1, Length: 3, Chunked: true, Done: true}},
		{"head has no body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, false,
			parsed{Status: 200, Minor: 1, RetryAfter: -1, Length: 5, Done: true}},
		{"204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", false, false,
			parsed{Status: 204, Minor: 1, RetryAfter: -1, Length: -1, Done: true}},
		{"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", false, false,
			parsed{Status: 201, Minor: 1, RetryAfter: -1, Interim: 2, Done: true}},
		{"refusal with marks", "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\nPLIMSOLL-EXECUTED: no\r\nContent-Length: 0\r\n\r\n", false, false,
			parsed{Status: 503, Minor: 1, RetryAfter: 7, NotExecuted: true, Done: true}},
		{"retry-after as a date", "HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n", false, false,
			parsed{Status: 503, Minor: 1, RetryAfter: BadRetryAfter, Done: true}},
		{"connection close in a list", "HTTP/1.1 200 OK\r\nConnection: foo , Close\r\nContent-Length: 0\r\n\r\n", false, false,
			parsed{Status: 200, Minor: 1, RetryAfter: -1, Close: true, Done: true}},
		{"1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false, false,
			parsed{Status: 200, RetryAfter: -1, Close: true, Done: true}},
		{"1.0 with keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", false, false,
			parsed{Status: 200, RetryAfter: -1, Done: true}},
		{"bare LF and no reason", "HTTP/1.1 200\nContent-Length:2\n\nok", false, false,
			parsed{Status: 200, Minor: 1, RetryAfter: -1, Length: 2, BodyBytes: 2, Done: true, Body: "ok"}},
		{"switching protocols ends it", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nraw", false, false,
			parsed{Status: 101, Minor: 1, RetryAfter: -1, Length: -1, Close: true, Done: true, Rest: "raw"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, cut := range [][]byte{nil, {0}, {6, 0, 2}} {
				got := parse([]byte(c.input), c.head, c.eof, cut...)
				got.Headers = ""
				if cut != nil && !c.want.Done {
					continue
				}
				assert.Equal(t, got, c.want, "cut %v", cut)
			}
		})
	}
}

func TestParserRefusesWhatIsNotHTTP(t *testing.T) {
	for name, input := range map[string]string{
		"another protocol":          "SSH-2.0-OpenSSH\r\n",
		"another version":           "HTTP/2.0 200 OK\r\n",
		"status of two digits":      "HTTP/1.1 20 OK\r\n",
		"status below 100":          "HTTP/1.1 099 x\r\n",
		"two lengths":               "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"negative length":           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"length beyond any number":  "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"space before colon":        "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n",
		"folded header":             "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
		"header without colon":      "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
		"chunk size that is none":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
		"negative chunk":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
		"chunk longer than it said": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
		"endless head":              "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", maxHead/6+1),
		"endless line":              "HTTP/1.1 200 " + strings.Repeat("x", maxHead+1),
		"endless interim":           strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxHead/25+1),
	} {
		var p Parser
		_, err := p.Feed([]byte(input))
		assert.ErrorIs(t, err, ErrMalformed, name)
		n, again := p.Feed([]byte("HTTP/1.1 200 OK\r\n"))
		assert.ErrorIs(t, again, ErrMalformed, name)
		assert.Zero(t, n, name)
		assert.ErrorIs(t, p.End(), ErrMalformed, name)
	}
}

func TestParserTruncated(t *testing.T) {
	whole := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
	for n := range len(whole) {
		var p Parser
		_, err := p.Feed([]byte(whole[:n]))
		assert.NoError(t, err, n)
		assert.ErrorIs(t, p.End(), ErrTruncated, n)
		assert.Equal(t, p.Begun(), n > 0, n)
	}
}

// FuzzParser: however a response is cut into pieces, it is read the same, and nothing makes the parser take more than it
// was given, or panic.
func FuzzParser(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1"), []byte{0}, false)
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0\r\nA: b\r\n\r\n"), []byte{3, 1}, false)
	f.Add([]byte("HTTP/1.0 503\nRetry-After: 2\n\nbody"), []byte{7}, true)
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"), []byte{2}, false)
	f.Fuzz(func(t *testing.T, input, cut []byte, head bool) {
		whole := parse(input, head, true)
		pieces := parse(input, head, true, cut...)
		if whole.Err != "" && pieces.Err != "" {
			whole.Err, pieces.Err = "", "" // the words may quote what had arrived
		}
		whole.Rest, pieces.Rest = "", ""
		assert.Equal(t, pieces, whole)
		assert.AtMost(t, whole.BodyBytes, int64(len(input)))
	})
}

// FuzzChunked: a body that was chunked in any way comes out as it went in, followed by nothing.
func FuzzChunked(f *testing.F) {
	f.Add([]byte("hello, world"), []byte{3, 1, 200}, []byte{0})
	f.Fuzz(func(t *testing.T, body, sizes, cut []byte) {
		r := new(Request).Line("HTTP/1.1 200 OK").Header("Transfer-Encoding", "chunked").End()
		for rest, k := body, 0; len(rest) > 0; k++ {
			n := len(rest)
			if len(sizes) > 0 {
				n = min(n, int(sizes[k%len(sizes)])+1)
			}
			r.Chunk(string(rest[:n]))
			rest = rest[n:]
		}
		r.Chunk("")
		got := parse(r.Bytes(), false, false, cut...)
		assert.Equal(t, got.Err, "")
		assert.True(t, got.Done)
		assert.Equal(t, got.Body, string(body))
		assert.Equal(t, got.Rest, "")
	})
}

func BenchmarkParser(b *testing.B) {
	for name, input := range map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 18:40:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n{\"id\":\"o_1\",\"status\":\"ok\"}\n",
		"chunked": "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 18:40:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n{\"id\":\"o_1\",\"status\":\"ok\"}\n\r\n0\r\n\r\n",
		"refusal": "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nPlimsoll-Executed: no\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n{}",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			raw := []byte(input)
			var p Parser
			for b.Loop() {
				p.Reset(false)
				if _, err := p.Feed(raw); err != nil || !p.Done() {
					b.Fatal(errors.Join(err, errors.New("not complete")))
				}
			}
		})
	}
}
