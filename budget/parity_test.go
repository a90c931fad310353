package budget_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
)

// answers are handlers that stay within their budget. What the client sees of them must not differ by a byte.
var answers = map[string]http.HandlerFunc{
	"nothing":      func(http.ResponseWriter, *http.Request) {},
	"headers only": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-A", "1") },
	"status only":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) },
	"small":        func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>small") },
	"bytes":        func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) },
	"two writes": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "a")
		_, _ = io.WriteString(w, "b")
	},
	"empty write":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(nil) },
	"large":         func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 10_000)) },
	"no content":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	"body with 304": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304); _, _ = io.WriteString(w, "x") },
	"flushed": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "a")
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "b")
	},
	"flush first": func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
	},
	"content length": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		_, _ = io.WriteString(w, "more than abc")
		_, _ = io.WriteString(w, "abc")
	},
	"malformed content length": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "many")
		_, _ = io.WriteString(w, "abc")
	},
	"second status is ignored": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		w.WriteHeader(http.StatusTeapot)
	},
	"late header is ignored": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.Header().Set("X-Late", "1")
	},
	"headers set around": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Del("X-Deleted")
		w.Header().Add("X-Added", "inner "+w.Header().Get("X-Read"))
		_, _ = io.WriteString(w, "x")
	},
	"early hints": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("X-Final", "1")
		_, _ = io.WriteString(w, "x")
	},
	"declared trailers": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-One, x-two")
		w.Header().Add("Trailer", "X-Never")
		_, _ = io.WriteString(w, "x")
		w.Header().Set("X-One", "1")
		w.Header()["X-Two"] = []string{"2", "3"}
	},
	"undeclared trailers": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		w.Header().Set(http.TrailerPrefix+"X-Sum", "42")
	},
	"connection close": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") },
	"http error":       func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
	"reads the body":   func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) },
	"closes the body": func(w http.ResponseWriter, r *http.Request) {
		_ = r.Body.Close()
		_, err := r.Body.Read(make([]byte, 1))
		_, _ = fmt.Fprint(w, err)
	},
	"full duplex": func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			panic(err)
		}
		_, _ = io.WriteString(w, "a")
		_, _ = io.Copy(w, r.Body)
	},
	"deadlines": func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(time.Minute))
		_ = control.SetWriteDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(w, "x")
	},
	"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusSeeOther) },
	"file": func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader("text"))
	},
}

// around sets headers before the middleware or the handler, as other middleware does.
func around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Deleted", "outer")
		w.Header().Set("X-Added", "outer")
		w.Header().Set("X-Read", "read")
		next.ServeHTTP(w, r)
	})
}

// On HTTP/1.1 the bytes on the wire are those of bare net/http.
func TestSameBytesAsNetHTTP(t *testing.T) {
	requests := map[string]string{
		"get":     "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"head":    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
		"old":     "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"post":    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
		"chunked": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
		"expect":  "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody",
	}
	for name, handler := range answers {
		for kind, text := range requests {
			t.Run(name+"/"+kind, func(t *testing.T) {
				bare := transcript(t, around(handler), text)
				guarded := transcript(t, around(budget.Middleware(budget.Config{})(handler)), text)
				assert.Equal(t, guarded, bare)
			})
		}
	}
}

// transcript is what the server says to the request sent twice, and whether it kept the connection.
func transcript(t *testing.T, h http.Handler, request string) (said string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		conn, _ := raw(t, memhttp.New(t, h))
		for range 2 {
			_, _ = io.WriteString(conn, request) // an error is a connection that was closed, and that is said below
			synctest.Wait()
			said += available(t, conn) + "\n-- the client waits --\n"
		}
		time.Sleep(time.Minute)
		said += available(t, conn)
	})
	return said
}

// available is what can be read without waiting, and whether the connection ended.
func available(t *testing.T, conn interface {
	io.Reader
	SetReadDeadline(time.Time) error
},
) string {
	t.Helper()
	assert.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Nanosecond)))
	text, err := io.ReadAll(conn)
	return string(text) + fmt.Sprintf("(%v)", err)
}

// On HTTP/2 the answers are those of bare net/http, as the client understands them.
func TestSameAnswersAsNetHTTPOnH2(t *testing.T) {
	for name, handler := range answers {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				bare := understood(t, around(handler), method)
				guarded := understood(t, around(budget.Middleware(budget.Config{})(handler)), method)
				assert.Equal(t, guarded, bare)
			})
		}
	}
}

func understood(t *testing.T, h http.Handler, method string) (said string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := memhttp.New(t, h)
		var body io.Reader
		if method == "POST" {
			body = strings.NewReader("body")
		}
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			said += fmt.Sprintln(code, h)
			return nil
		}})
		r := request(t, method, body).WithContext(context.WithoutCancel(ctx))
		res, err := s.ClientH2().Do(r)
		if err != nil {
			said += err.Error()
			return
		}
		text, err := io.ReadAll(res.Body)
		said += fmt.Sprintln(res.Status, res.Header, res.ContentLength, string(text), err, res.Trailer)
	})
	return said
}
