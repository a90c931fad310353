package budget_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/problem"
)

// A body that the chain has read before the handler runs does not cost the connection.
func TestBodyInMemoryKeepsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			ctx, cancel := budget.Start(r.Context(), time.Now(), limit, r.Header)
			defer cancel()
			r = r.WithContext(ctx)
			r.Body = io.NopCloser(strings.NewReader(string(text)))
			result := budget.Enforce(w, r, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Minute) // without a look at the body
				late, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				assert.Equal(t, string(late), "body")
			}), budget.Enforcement{BodyRead: true})
			assert.Equal(t, result.Outcome, budget.Answered)
		}))
		conn, reader := raw(t, s)
		for range 3 {
			_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
			assert.NoError(t, err)
			res, err := http.ReadResponse(reader, nil)
			assert.NoError(t, err)
			text, err := io.ReadAll(res.Body)
			assert.NoError(t, err)
			assertSpent(t, answer{status: res.StatusCode, header: res.Header, body: string(text)})
			assert.False(t, res.Close)
		}
		time.Sleep(2 * time.Minute)
	})
}

// The last word on the header is had once, whoever answers.
func TestHeaderHasTheLastWord(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"nothing": func(http.ResponseWriter, *http.Request) {},
		"written": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Last", "no")
			_, _ = io.WriteString(w, "x")
		},
		"spent":      func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) },
		"panic":      func(http.ResponseWriter, *http.Request) { panic("x") },
		"after 103":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) },
		"spent, 103": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); time.Sleep(time.Minute) },
	} {
		for protocol, client := range protocols {
			t.Run(protocol, func(t *testing.T) {
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						calls := 0
						s := serve(t, budget.Config{Header: func(h http.Header) { calls++; h.Set("X-Last", "yes") }}, handler)
						got, err := send(t, client(s), request(t, "GET", nil))
						assert.NoError(t, err)
						assert.Equal(t, got.header.Get("X-Last"), "yes")
						synctest.Wait()
						assert.Equal(t, calls, 1)
					})
				})
			})
		}
	}
}

func TestAnswerOfOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := func(w http.ResponseWriter, r *http.Request) {
			assert.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)))
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("X-Cause", budget.Cause(r.Context()).Error())
			_, _ = io.WriteString(w, "too late")
		}
		s := serve(t, budget.Config{Answer: own}, func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) })
		got, err := send(t, s.Client(), request(t, "GET", nil))
		assert.NoError(t, err)
		assert.Equal(t, got.body, "too late")
		assert.Contains(t, got.header.Get("X-Cause"), "budget is spent")
		result := s.result(t)
		assert.Equal(t, result.Status, http.StatusOK)
		assert.Equal(t, result.Bytes, int64(len("too late")))
		assert.Equal(t, result.Outcome, budget.Answered)
	})
}

// What a handler reports beside its answer is the result's error, the first time.
func TestRecordedError(t *testing.T) {
	first := errors.New("disk full")
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, budget.Config{}, func(w http.ResponseWriter, r *http.Request) {
			problem.Write(w, r, problem.Wrap(problem.Unavailable, "try later", first))
			w.(problem.Recorder).RecordError(errors.New("second"))
		})
		got, err := send(t, s.Client(), request(t, "GET", nil))
		assert.NoError(t, err)
		assert.Equal(t, got.status, http.StatusServiceUnavailable)
		result := s.result(t)
		assert.Equal(t, result.Outcome, budget.Finished)
		assert.ErrorIs(t, result.Err, first)
		assert.NotContains(t, result.Err.Error(), "second")
	})
}

// A request that is refused on arrival is refused on arrival, though its client is slow to send it.
func TestSpentOnArrivalDoesNotWaitForTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, budget.Config{}, func(http.ResponseWriter, *http.Request) { panic("ran") })
		conn, reader := raw(t, s.Server)
		start := time.Now()
		_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nPlimsoll-Budget: 0\r\nContent-Length: 1000\r\n\r\nhalf of")
		assert.NoError(t, err)
		res, err := http.ReadResponse(reader, nil)
		assert.NoError(t, err)
		text, err := io.ReadAll(res.Body)
		assert.NoError(t, err)
		assertSpent(t, answer{status: res.StatusCode, header: res.Header, body: string(text)})
		assert.Equal(t, time.Since(start), 0)
		assert.Len(t, s.panics(), 0)
	})
}

// The files of a form that was parsed on the handler's own request are removed with it.
func TestFormFilesAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		var name string
		s := serve(t, budget.Config{}, func(_ http.ResponseWriter, r *http.Request) {
			assert.NoError(t, r.ParseMultipartForm(0))
			file, err := r.MultipartForm.File["f"][0].Open()
			assert.NoError(t, err)
			defer file.Close()
			if f, ok := file.(interface{ Name() string }); ok {
				name = f.Name()
			}
		})
		const size = 11 << 20 // over the 10 MiB that ParseMultipartForm adds to its limit
		body := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("x", size) + "\r\n--b--\r\n"
		r := request(t, "POST", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		_, err := send(t, s.Client(), r)
		assert.NoError(t, err)
		assert.NotZero(t, name)
		synctest.Wait()
		assertNoFile(t, name)
	})
}

func TestOutcomes(t *testing.T) {
	aborts := map[budget.Outcome]bool{budget.Cut: true, budget.Gone: true, budget.Aborted: true}
	names := map[string]bool{}
	for o := budget.Finished; o.String() != "unknown"; o++ {
		assert.False(t, names[o.String()], o.String())
		names[o.String()] = true
		assert.Equal(t, o.Aborts(), aborts[o], o.String())
	}
	assert.Len(t, names, 6)
}
