package budget_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
	"github.com/plimsoll-go/plimsoll/problem"
)

// A handler that ignores its context costs its client the budget and no more.
func TestSleeperIsAnswered(t *testing.T) {
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, budget.Config{}, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Handler", "yes")
					w.Header()["X-Read"][0] = "overwritten"
					w.WriteHeader(http.StatusEarlyHints)
					time.Sleep(time.Minute)
					w.WriteHeader(http.StatusTeapot)
				}, around)
				got, err := send(t, client(s), request(t, "GET", nil))
				assert.NoError(t, err)
				assertSpent(t, got)
				assert.Equal(t, got.after, limit)
				assert.False(t, got.close, "a request without a body keeps its connection")
				assert.Zero(t, got.header.Get("X-Handler"))
				assert.Equal(t, got.header.Get("X-Read"), "read", "what was set around the handler stays")
				assert.Zero(t, got.header.Get("Plimsoll-Executed"), "it may have run")
				result := s.result(t)
				assert.Equal(t, result.Outcome, budget.Answered)
				assert.Equal(t, result.Status, http.StatusGatewayTimeout)
				assert.Equal(t, result.Bytes, int64(len(got.body)))
				assert.ErrorIs(t, result.Err, budget.ErrExceeded)
				time.Sleep(time.Minute) // the handler returns, and writes
				assert.Zero(t, s.Log())
			})
		})
	}
}

// A handler inside Body.Read holds a lock of net/http's; it must not hold up the answer, nor the connection's end.
func TestBodyReaderIsAnswered(t *testing.T) {
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var after, again atomic.Value
				s := serve(t, budget.Config{}, func(_ http.ResponseWriter, r *http.Request) {
					_, err := io.Copy(io.Discard, r.Body)
					after.Store(err)
					_, err = r.Body.Read(make([]byte, 1))
					again.Store(err)
					_ = r.Body.Close()
				})
				got, err := send(t, client(s), request(t, "POST", newEndless(t)))
				assert.NoError(t, err)
				assertSpent(t, got)
				assert.Equal(t, got.after, limit)
				assert.Equal(t, s.result(t).Outcome, budget.Answered)
				synctest.Wait()
				assert.Error(t, after.Load().(error))
				assert.ErrorIs(t, again.Load().(error), http.ErrHandlerTimeout)
			})
		})
	}
}

// The client sends half a body and waits. Its connection must end with the answer, not with the client's goodwill.
func TestSlowUploaderLosesItsConnection(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"reading":     func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
		"reading on":  func(_ http.ResponseWriter, r *http.Request) { readOn(r.Body) },
		"not reading": func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, budget.Config{}, handler)
				conn, reader := raw(t, s.Server)
				start := time.Now()
				_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf of")
				assert.NoError(t, err)
				res, err := http.ReadResponse(reader, nil)
				assert.NoError(t, err)
				body, err := io.ReadAll(res.Body)
				assert.NoError(t, err)
				assertSpent(t, answer{status: res.StatusCode, header: res.Header, body: string(body)})
				assert.True(t, res.Close)
				assert.Equal(t, time.Since(start), limit)
				_, err = reader.ReadByte()
				assert.ErrorIs(t, err, io.EOF)
				_, err = io.WriteString(conn, "more") // a reset now could take the answer from the client: the server lingers
				assert.NoError(t, err)
				time.Sleep(time.Second)
				_, err = io.WriteString(conn, "more") // but not for long
				assert.Error(t, err)
			})
		})
	}
}

// The first bytes of an HTTP/1.1 answer wait until net/http has read the request's rest: a handler that writes before
// it has read is inside Write then, and waits for the client to send.
func TestWriterThatWaitsForTheBodyIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, budget.Config{}, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 10_000)) })
		conn, reader := raw(t, s.Server)
		start := time.Now()
		_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf of")
		assert.NoError(t, err)
		res, err := http.ReadResponse(reader, nil)
		assert.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.AtMost(t, time.Since(start), limit+25*time.Millisecond)
		assert.Equal(t, s.result(t).Outcome, budget.Cut)
	})
}

// Where reads know no deadline, the client has its answer all the same, and the connection is not waited for for ever.
func TestBodyWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := newEndless(t)
		s := serve(t, budget.Config{}, func(_ http.ResponseWriter, r *http.Request) { _, _ = r.Body.Read(make([]byte, 1)) },
			func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.Body = body
					next.ServeHTTP(w, r)
				})
			})
		conn, reader := raw(t, s.Server)
		start := time.Now()
		_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf of")
		assert.NoError(t, err)
		res, err := http.ReadResponse(reader, nil)
		assert.NoError(t, err)
		text, err := io.ReadAll(res.Body)
		assert.NoError(t, err)
		assertSpent(t, answer{status: res.StatusCode, header: res.Header, body: string(text)})
		assert.Equal(t, time.Since(start), limit)
		_, err = reader.ReadByte()
		assert.ErrorIs(t, err, io.EOF)
		assert.AtMost(t, time.Since(start), limit+2*time.Second)
	})
}

// A handler that made it is not cut because the connection's goroutine was late to notice, as it is when CPU is short.
func TestReturnCountsBeforeTheDeadline(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // what the handler's goroutine does last, it does at one go
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		w := httptest.NewRecorder()
		result := budget.Enforce(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil),
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "whole") }),
			budget.Enforcement{Returned: func(int) { cancel() }})
		assert.Equal(t, result.Outcome, budget.Finished)
	}
}

// readOn reads whatever the errors, as long as a request may take a server.
func readOn(body io.Reader) {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		if _, err := body.Read(make([]byte, 1)); err != nil {
			time.Sleep(time.Millisecond)
		}
	}
}

// A body that was read to its end leaves the connection fit for the next request.
func TestReadBodyKeepsTheConnection(t *testing.T) {
	for name, body := range map[string]string{
		"length":  "Content-Length: 4\r\n\r\nfull",
		"chunked": "Transfer-Encoding: chunked\r\n\r\n4\r\nfull\r\n0\r\n\r\n",
		"none":    "\r\n",
		"expect":  "Expect: 100-continue\r\nContent-Length: 4\r\n\r\nfull",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, budget.Config{}, func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					time.Sleep(time.Minute)
				})
				conn, reader := raw(t, s.Server)
				for range 2 {
					_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\n"+body)
					assert.NoError(t, err)
					res, err := http.ReadResponse(reader, nil)
					assert.NoError(t, err)
					if res.StatusCode == http.StatusContinue {
						res, err = http.ReadResponse(reader, nil)
						assert.NoError(t, err)
					}
					text, err := io.ReadAll(res.Body)
					assert.NoError(t, err)
					assertSpent(t, answer{status: res.StatusCode, header: res.Header, body: string(text)})
					assert.False(t, res.Close)
				}
			})
		})
	}
}

// Half an answer is cut: nobody may take it for a whole one.
func TestHalfAnswerIsCut(t *testing.T) {
	for name, length := range map[string]string{"chunked": "", "length": "1000"} {
		for protocol, client := range protocols {
			t.Run(protocol, func(t *testing.T) {
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var late atomic.Value
						s := serve(t, budget.Config{}, func(w http.ResponseWriter, _ *http.Request) {
							if length != "" {
								w.Header().Set("Content-Length", length)
							}
							_, _ = io.WriteString(w, "half") // stays in net/http's buffer
							time.Sleep(time.Minute)
							_, err := io.WriteString(w, "whole")
							late.Store(err)
						})
						got, err := send(t, client(s), request(t, "GET", nil))
						assert.Error(t, err)
						assert.Equal(t, got.status, http.StatusOK)
						assert.Equal(t, got.body, "half")
						assert.Equal(t, got.after, limit)
						result := s.result(t)
						assert.Equal(t, result.Outcome, budget.Cut)
						assert.Equal(t, result.Bytes, 4)
						assert.ErrorIs(t, result.Err, budget.ErrExceeded)
						time.Sleep(time.Minute)
						assert.ErrorIs(t, late.Load().(error), http.ErrHandlerTimeout)
					})
				})
			})
		}
	}
}

// A handler that waits for a client that does not read holds the writer, and is cut all the same.
func TestBlockedWriterIsCut(t *testing.T) {
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				returned := make(chan error, 1)
				s := serve(t, budget.Config{}, func(w http.ResponseWriter, _ *http.Request) {
					var err error
					for err == nil {
						_, err = w.Write(make([]byte, 64<<10))
					}
					returned <- err
				})
				start := time.Now()
				res, err := client(s).Do(request(t, "GET", nil))
				assert.NoError(t, err)
				assert.Error(t, <-returned)
				assert.AtMost(t, time.Since(start), limit+25*time.Millisecond)
				_, err = io.Copy(io.Discard, res.Body)
				assert.Error(t, err)
				assert.Equal(t, s.result(t).Outcome, budget.Cut)
			})
		})
	}
}

// A handler that sees its deadline and answers by itself races with the 504: the client must get one whole answer.
func TestHandlerThatSeesItsDeadline(t *testing.T) {
	cause := errors.New("query: statement timeout")
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			for range 20 {
				synctest.Test(t, func(t *testing.T) {
					s := serve(t, budget.Config{}, func(w http.ResponseWriter, r *http.Request) {
						<-r.Context().Done()
						problem.Write(w, r, problem.Wrap(problem.Deadline, "", cause))
					})
					got, err := send(t, client(s), request(t, "GET", nil))
					assert.NoError(t, err)
					assertSpent(t, got)
					assert.Equal(t, s.result(t).Outcome, budget.Answered)
				})
			}
		})
	}
}

// Returning without a word at the deadline is no empty 200.
func TestSilentReturnAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, budget.Config{}, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		got, err := send(t, s.Client(), request(t, "GET", nil))
		assert.NoError(t, err)
		assertSpent(t, got)
	})
}

func TestClientGone(t *testing.T) {
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var cause atomic.Value
				s := serve(t, budget.Config{}, func(_ http.ResponseWriter, r *http.Request) {
					<-r.Context().Done()
					cause.Store(budget.Cause(r.Context()))
					time.Sleep(time.Minute)
				})
				ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
				defer leave()
				_, err := send(t, client(s), request(t, "GET", nil).WithContext(ctx))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				result := s.result(t)
				assert.Equal(t, result.Outcome, budget.Gone)
				assert.Equal(t, result.Err, budget.ErrClientGone)
				assert.Zero(t, result.Status)
				assert.Equal(t, cause.Load(), any(budget.ErrClientGone))
			})
		})
	}
}

// A client that has only closed its sending side looks gone to net/http; it must not get an empty 200.
func TestHalfClosedClientGetsNoEmptyAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, budget.Config{}, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		conn, reader := raw(t, s.Server)
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		assert.NoError(t, err)
		assert.NoError(t, conn.(*memhttp.Conn).CloseWrite())
		rest, err := io.ReadAll(reader)
		assert.NoError(t, err)
		assert.Equal(t, string(rest), "")
	})
}

func TestPanics(t *testing.T) {
	boom := errors.New("boom")
	cases := []struct {
		name    string
		handler http.HandlerFunc
		outcome budget.Outcome
		err     error
		told    int
	}{
		{"before the answer", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Handler", "yes"); panic(boom) }, budget.Panicked, boom, 1},
		{"nil", func(http.ResponseWriter, *http.Request) { panic(nil) }, budget.Panicked, &runtime.PanicNilError{}, 1},
		{"impossible status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(7) }, budget.Panicked, nil, 1},
		{"in the answer", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "half"); panic(boom) }, budget.Aborted, boom, 1},
		{"abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, budget.Aborted, http.ErrAbortHandler, 0},
		{"goexit", func(http.ResponseWriter, *http.Request) { runtime.Goexit() }, budget.Aborted, nil, 0},
	}
	for _, c := range cases {
		for protocol, client := range protocols {
			t.Run(protocol, func(t *testing.T) {
				t.Run(c.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := serve(t, budget.Config{}, c.handler)
						got, err := send(t, client(s), request(t, "POST", strings.NewReader("x")))
						result := s.result(t)
						assert.Equal(t, result.Outcome, c.outcome)
						assert.Error(t, result.Err)
						assert.Len(t, s.panics(), c.told)
						if c.err != nil && c.name != "nil" {
							assert.ErrorIs(t, result.Err, c.err)
						}
						if c.outcome == budget.Panicked {
							assert.NoError(t, err)
							assert.Equal(t, got.status, http.StatusInternalServerError)
							assert.Equal(t, result.Status, http.StatusInternalServerError)
							assert.Contains(t, got.body, `"status":500`)
							assert.NotContains(t, got.body, "boom")
							assert.Zero(t, got.header.Get("X-Handler"))
						} else {
							assert.Error(t, err)
						}
						assert.Zero(t, s.Log())
					})
				})
			})
		}
	}
}

// The caller says that the time is over: nothing is done for it.
func TestSpentOnArrival(t *testing.T) {
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, budget.Config{}, func(http.ResponseWriter, *http.Request) { panic("ran") })
				r := request(t, "POST", strings.NewReader("x"))
				r.Header.Set(budget.Header, "0")
				got, err := send(t, client(s), r)
				assert.NoError(t, err)
				assertSpent(t, got)
				assert.Equal(t, got.header.Get(budget.Executed), "no")
				assert.Equal(t, s.result(t).Outcome, budget.Answered)
				assert.Len(t, s.panics(), 0)
			})
		})
	}
}
