package telemetry_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/telemetry"
)

// serve runs one handler behind telemetry.Handler on a real server, calls it
// once, and returns its access line.
func serve(t *testing.T, h http.HandlerFunc, call func(url string)) map[string]any {
	t.Helper()
	tel, logged := open(t, telemetry.Config{})
	mux := http.NewServeMux()
	mux.Handle("GET /things/{id}", h)
	done := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		tel.Handler(mux).ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = nullLog()
	server.Start()
	defer server.Close()
	call(server.URL)
	<-done
	return logged.one()
}

func get(t *testing.T, path string, want string) func(string) {
	t.Helper()
	return func(url string) {
		res, err := http.Get(url + path)
		if want == "" {
			assert.Error(t, err)
			return
		}
		assert.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		assert.NoError(t, err)
		assert.Equal(t, string(body), want)
	}
}

func TestHandlerLogsWhatWasAnswered(t *testing.T) {
	line := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "hello")
		_, _ = io.WriteString(w, " world")
	}, get(t, "/things/7?token=s3cret", "hello world"))
	assert.Equal(t, line["status"], any(202.0))
	assert.Equal(t, line["bytes"], any(11.0))
	assert.Equal(t, line["route"], any("/things/{id}"))
	assert.Equal(t, line["path"], any("/things/7"))
	assert.Equal(t, line["client"], any("127.0.0.1"))
	assert.Equal(t, line["outcome"], any("finished"))
	assert.Zero(t, line["class"])
}

func TestHandlerOfASilentHandlerIs200(t *testing.T) {
	line := serve(t, func(http.ResponseWriter, *http.Request) {}, func(url string) {
		res, err := http.Get(url + "/things/7")
		assert.NoError(t, err)
		assert.NoError(t, res.Body.Close())
	})
	assert.Equal(t, line["status"], any(200.0))
}

func TestHandlerOfNoRoute(t *testing.T) {
	line := serve(t, func(http.ResponseWriter, *http.Request) {}, get(t, "/nothing", "404 page not found\n"))
	assert.Equal(t, line["status"], any(404.0))
	assert.Equal(t, line["route"], any(""))
}

func TestHandlerTakesTheRouteOfAnotherRouter(t *testing.T) {
	line := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		telemetry.FromContext(r.Context()).SetRoute("GET /inner/{x}")
	}, func(url string) {
		res, err := http.Get(url + "/things/7")
		assert.NoError(t, err)
		assert.NoError(t, res.Body.Close())
	})
	assert.Equal(t, line["route"], any("/inner/{x}"))
}

func TestHandlerLogsTheReportedCause(t *testing.T) {
	line := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		rec := w.(interface{ RecordError(error) })
		rec.RecordError(errors.New("the first"))
		rec.RecordError(errors.New("the second"))
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "sorry")
	}, get(t, "/things/7", "sorry"))
	assert.Equal(t, line["error"], any("the first"))
	assert.Equal(t, line["level"], any("ERROR"))
}

func TestHandlerLogsPanicsAndLetsThemThrough(t *testing.T) {
	line := serve(t, func(http.ResponseWriter, *http.Request) { panic("boom") }, get(t, "/things/7", ""))
	assert.Equal(t, line["outcome"], any("panicked"))
	assert.Equal(t, line["status"], any(0.0))
	assert.Equal(t, line["error"], any("panic: boom"))
	assert.Contains(t, line["stack"].(string), "handler_test.go")

	line = serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, get(t, "/things/7", ""))
	assert.Equal(t, line["outcome"], any("cut"))
	assert.Zero(t, line["error"])
	assert.Zero(t, line["stack"])
}

func TestHandlerKnowsThatTheClientLeft(t *testing.T) {
	started := make(chan struct{})
	line := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
	}, func(url string) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/things/7", nil)
		assert.NoError(t, err)
		go func() {
			<-started
			cancel()
		}()
		_, err = http.DefaultClient.Do(r)
		assert.ErrorIs(t, err, context.Canceled)
	})
	assert.Equal(t, line["outcome"], any("client_gone"))
	assert.Equal(t, line["level"], any("INFO"))
}

func TestHandlerKnowsADeadline(t *testing.T) {
	tel, logged := open(t, telemetry.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	h := tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) }))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	assert.Equal(t, logged.one()["outcome"], any("deadline"))
}

func TestHandlerKeepsWhatTheWriterCan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.txt")
	assert.NoError(t, os.WriteFile(file, []byte("content"), 0o600))
	line := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)))
		w.(http.Flusher).Flush()
		f, err := os.Open(file)
		assert.NoError(t, err)
		defer f.Close()
		n, err := w.(io.ReaderFrom).ReadFrom(f)
		assert.NoError(t, err)
		assert.Equal(t, n, int64(7))
	}, get(t, "/things/7", "content"))
	assert.Equal(t, line["bytes"], any(7.0))

	line = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		assert.NoError(t, err)
		_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
		assert.NoError(t, err)
		assert.NoError(t, conn.Close())
	}, get(t, "/things/7", "hi"))
	assert.Equal(t, line["status"], any(101.0))
}

// plain can do nothing but what http.ResponseWriter says.
type plain struct{ http.ResponseWriter }

type failing struct{ http.ResponseWriter }

func (failing) Write([]byte) (int, error) { return 0, net.ErrClosed }

func TestHandlerWorksOnAPoorWriter(t *testing.T) {
	tel, logged := open(t, telemetry.Config{})
	rec := httptest.NewRecorder()
	tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("copied"))
		assert.NoError(t, err)
		_, _, err = w.(http.Hijacker).Hijack()
		assert.ErrorIs(t, err, http.ErrNotSupported)
	})).ServeHTTP(plain{rec}, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, rec.Body.String(), "copied")
	assert.Equal(t, logged.lines()[0]["bytes"], any(6.0))

	tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "lost")
	})).ServeHTTP(failing{rec}, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, logged.lines()[1]["error"], any(net.ErrClosed.Error()))
}
