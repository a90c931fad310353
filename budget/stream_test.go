package budget_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/internal/memhttp"
)

// streams declares every request a stream of at most a minute.
var streams = budget.Config{Stream: func(*http.Request) time.Duration { return time.Minute }}

func TestDeclaredStreamIsNotCut(t *testing.T) {
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, streams, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "text/event-stream")
					for i := range 10 {
						_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
						assert.NoError(t, http.NewResponseController(w).Flush())
						time.Sleep(5 * time.Second) // 20 times the budget of an ordinary route
					}
				})
				res, err := client(s).Do(request(t, "GET", nil))
				assert.NoError(t, err)
				start, lines := time.Now(), bufio.NewScanner(res.Body)
				for i := range 10 {
					assert.True(t, lines.Scan() && lines.Text() == fmt.Sprintf("data: %d", i))
					assert.Equal(t, time.Since(start), time.Duration(i)*5*time.Second, "events come as they are made")
					lines.Scan()
				}
				assert.False(t, lines.Scan())
				assert.NoError(t, lines.Err())
				result := s.result(t)
				assert.Equal(t, result, budget.Result{Status: 200, Bytes: 90, Outcome: budget.Finished})
			})
		})
	}
}

// At the end of what it declared, a stream has the time for a closing event, and is over.
func TestStreamSaysFarewell(t *testing.T) {
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, streams, func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusOK)
					<-r.Context().Done()
					_, err := io.WriteString(w, ": bye\n\n")
					assert.NoError(t, err)
				})
				got, err := send(t, client(s), request(t, "GET", nil))
				assert.NoError(t, err)
				assert.Equal(t, got.body, ": bye\n\n")
				assert.Equal(t, got.after, time.Minute)
				assert.Equal(t, s.result(t).Outcome, budget.Finished)
			})
		})
	}
}

// A stream that ignores its own end is cut at its next write, and one that waits for its client is cut there.
func TestStreamThatIgnoresItsEnd(t *testing.T) {
	for name, body := range map[string]http.HandlerFunc{
		"writing": func(w http.ResponseWriter, _ *http.Request) {
			for err := error(nil); err == nil; {
				_, err = io.WriteString(w, "data\n")
				_ = http.NewResponseController(w).Flush()
				_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // helps nothing
				time.Sleep(100 * time.Millisecond)
			}
		},
		"blocked": func(w http.ResponseWriter, _ *http.Request) {
			for err := error(nil); err == nil; {
				_, err = w.Write(make([]byte, 64<<10))
			}
		},
		"reading": func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).EnableFullDuplex()
			_ = http.NewResponseController(w).Flush()
			_, _ = io.Copy(io.Discard, r.Body)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for protocol, client := range protocols {
				t.Run(protocol, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := serve(t, streams, body)
						start := time.Now()
						r := request(t, "GET", nil)
						if name == "reading" {
							r = request(t, "POST", newEndless(t))
						}
						res, err := client(s).Do(r)
						assert.NoError(t, err)
						if name == "blocked" {
							time.Sleep(time.Minute + 2*time.Second)
						}
						_, err = io.Copy(io.Discard, res.Body)
						assert.Error(t, err)
						assert.AtMost(t, time.Since(start), time.Minute+3*time.Second)
						time.Sleep(time.Second)
						result := s.result(t)
						assert.Equal(t, result.Outcome, budget.Cut)
						assert.ErrorIs(t, result.Err, budget.ErrExceeded)
					})
				})
			}
		})
	}
}

// Nor does a stream of bytes that never ends, whose body renews its read deadline all the time.
func TestStreamThatKeepsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		renew := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Body = &renewing{ReadCloser: r.Body, control: http.NewResponseController(w)}
				next.ServeHTTP(w, r)
			})
		}
		s := serve(t, streams, func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).EnableFullDuplex()
			_ = http.NewResponseController(w).Flush()
			_, err := io.Copy(io.Discard, r.Body)
			assert.ErrorIs(t, err, http.ErrHandlerTimeout)
		}, renew)
		conn, _ := raw(t, s.Server)
		_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
		assert.NoError(t, err)
		start := time.Now()
		for err == nil && time.Since(start) < time.Hour {
			_, err = io.WriteString(conn, "1\r\nx\r\n")
			time.Sleep(100 * time.Millisecond)
		}
		assert.AtMost(t, time.Since(start), time.Minute+2*time.Second)
		assert.Equal(t, s.result(t).Outcome, budget.Cut)
	})
}

// renewing gives each read its own deadline, as a body with a minimum rate does.
type renewing struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *renewing) Read(p []byte) (int, error) {
	if err := b.control.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return 0, err
	}
	return b.ReadCloser.Read(p)
}

// A stream's caller may shorten it too, and one that says nothing is a 504 in the end.
func TestStreamWithoutAWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, streams, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		r := request(t, "GET", nil)
		r.Header.Set("Grpc-Timeout", "3S")
		got, err := send(t, s.Client(), r)
		assert.NoError(t, err)
		assertSpent(t, got)
		assert.Equal(t, got.after, 3*time.Second)
	})
}

// When something else ends a stream's context, as a drain does, there is no hurry, and the answer is whole.
func TestStreamEndedByTheServer(t *testing.T) {
	draining := errors.New("draining")
	for protocol, client := range protocols {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told, tell := context.WithCancelCause(t.Context())
				outcome := make(chan budget.Outcome, 1)
				s := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					outcome <- budget.Enforce(w, r.WithContext(told), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.WriteHeader(http.StatusOK)
						<-r.Context().Done()
						assert.Equal(t, budget.Cause(r.Context()), draining)
						time.Sleep(10 * time.Second)
						_, err := io.WriteString(w, ": bye")
						assert.NoError(t, err)
					}), budget.Enforcement{Stream: true}).Outcome
				}))
				time.AfterFunc(time.Second, func() { tell(draining) })
				got, err := send(t, client(&service{Server: s}), request(t, "GET", nil))
				assert.NoError(t, err)
				assert.Equal(t, got.body, ": bye")
				assert.Equal(t, got.after, 11*time.Second)
				assert.Equal(t, <-outcome, budget.Finished)
			})
		})
	}
}

func TestStreamMayBeHijacked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, streams, func(w http.ResponseWriter, _ *http.Request) {
			conn, buffer, err := http.NewResponseController(w).Hijack()
			assert.NoError(t, err)
			defer conn.Close()
			_, err = w.Write([]byte("x"))
			assert.ErrorIs(t, err, http.ErrHijacked)
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = buffer.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_ = buffer.Flush()
			_, _ = io.Copy(conn, buffer)
		})
		conn, reader := raw(t, s.Server)
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		res, err := http.ReadResponse(reader, nil)
		assert.NoError(t, err)
		assert.Equal(t, res.StatusCode, http.StatusSwitchingProtocols)
		time.Sleep(30 * time.Second)
		_, _ = io.WriteString(conn, "hello")
		echo := make([]byte, 5)
		_, err = io.ReadFull(reader, echo)
		assert.NoError(t, err)
		assert.Equal(t, string(echo), "hello")
		assert.NoError(t, conn.Close())
		assert.Equal(t, s.result(t).Outcome, budget.Finished)
		assert.Equal(t, s.result(t).Status, http.StatusSwitchingProtocols)
		assert.Zero(t, s.Log())
	})
}

// An ordinary route that may hijack gains no time by it: the connection is closed at the deadline.
func TestHijackedConnectionIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		results := make(chan budget.Result, 1)
		var failed atomic.Value
		s := memhttp.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := budget.Start(r.Context(), time.Now(), limit, r.Header)
			defer cancel()
			results <- budget.Enforce(w, r.WithContext(ctx), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				assert.NoError(t, err)
				_, err = conn.Read(make([]byte, 1))
				failed.Store(err)
			}), budget.Enforcement{Hijack: true})
		}))
		conn, reader := raw(t, s)
		start := time.Now()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		_, err := reader.ReadByte()
		assert.ErrorIs(t, err, io.EOF)
		assert.Equal(t, time.Since(start), limit)
		result := <-results
		assert.Equal(t, result.Outcome, budget.Cut)
		synctest.Wait()
		assert.ErrorIs(t, failed.Load().(error), net.ErrClosed)
	})
}

func TestOrdinaryRouteIsNotHijacked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, budget.Config{}, func(w http.ResponseWriter, _ *http.Request) {
			_, _, err := http.NewResponseController(w).Hijack()
			http.Error(w, fmt.Sprint(errors.Is(err, http.ErrNotSupported), err), http.StatusNotImplemented)
		})
		got, err := send(t, s.Client(), request(t, "GET", strings.NewReader("")))
		assert.NoError(t, err)
		assert.Equal(t, got.status, http.StatusNotImplemented)
		assert.Contains(t, got.body, "true hijack: this route declares no stream")
	})
}
