package fault

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// parse reads one request off the bytes.
func parse(text []byte) (Request, error) {
	var q Request
	d := &decoder{br: bufio.NewReaderSize(bytes.NewReader(text), 16), keep: 1 << 20, maxBody: 1 << 20}
	if err := d.await(); err != nil {
		return q, err
	}
	if err := d.readHead(&q); err != nil {
		return q, err
	}
	f, err := q.framing()
	if err != nil {
		return q, err
	}
	return q, d.readBody(&q, f)
}

func TestParse(t *testing.T) {
	q, err := parse([]byte("\r\n\nPUT /a?b=c HTTP/1.1\r\nA: 1\r\na:  2 \r\nContent-Length: 3\r\n\r\nabcd"))
	assert.NoError(t, err)
	assert.Equal(t, q.Method+" "+q.Path+" "+string(q.Body), "PUT /a?b=c abc")
	assert.Equal(t, q.Get("A"), "1, 2")
	assert.Equal(t, q.Get("B"), "")
	assert.True(t, q.persists())

	q, err = parse([]byte("POST / HTTP/1.1\nTransfer-Encoding: Chunked\n\n3 ; x\nabc\n00\nT: u\n\n"))
	assert.NoError(t, err)
	assert.Equal(t, string(q.Body), "abc")
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n", "G(T / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nA : b\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nA: b\x00\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "POST / HTTP/1.1\r\nContent-Length: 9223372036854775808\r\n\r\n",
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + strings.Repeat("b", maxHead) + "\r\n\r\n",
	} {
		_, err := parse([]byte(text))
		assert.ErrorAs[malformedError](t, err, "%q", text)
	}
	for _, text := range []string{
		"", "G", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc",
	} {
		_, err := parse([]byte(text))
		assert.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), "%q: %v", text, err)
	}
}

// FuzzParse compares with net/http: what both read, they must read alike.
func FuzzParse(f *testing.F) {
	f.Add([]byte("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: u\r\n\r\n"))
	f.Add([]byte("\r\nGET / HTTP/1.0\r\nConnection: keep-alive, x\r\nA: 1\r\na: 2\r\n\r\n"))
	f.Add([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		q, err := parse(text)
		if err != nil {
			return
		}
		if int64(len(q.Body)) != q.Size || q.Hash == "" || q.Method == "" || q.Path == "" {
			t.Fatalf("incomplete request %+v", q)
		}
		ref, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(bytes.TrimLeft(text, "\r\n"))))
		if err != nil {
			return
		}
		body, err := io.ReadAll(ref.Body)
		if err != nil {
			return
		}
		if ref.Method != q.Method || ref.RequestURI != q.Path || !bytes.Equal(body, q.Body) {
			t.Fatalf("read %q %q %q, net/http reads %q %q %q", q.Method, q.Path, q.Body, ref.Method, ref.RequestURI, body)
		}
		if want := ref.Header.Get("A"); q.Get("A") != "" && !strings.HasPrefix(q.Get("A"), want) {
			t.Fatalf("header %q, net/http has %q", q.Get("A"), want)
		}
	})
}
