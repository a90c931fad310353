package outbound_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

type charge struct {
	Order string `json:"order"`
	Cents int    `json:"amount_cents"`
}

type receipt struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

func TestJSONThereAndBack(t *testing.T) {
	var seen []string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, r.Method+" "+r.RequestURI+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Accept")+" "+r.Header.Get("Idempotency-Key")+" "+string(body))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"ch_1","status":"succeeded","new":true}`+"\n")
	}, outbound.Config{})
	var got receipt
	assert.NoError(t, c.PostJSON(t.Context(), "/charges", charge{"o_1", 250}, &got, outbound.IdempotencyKey(`o_1 "a\b"`)))
	assert.Equal(t, got, receipt{"ch_1", "succeeded"})
	got = receipt{}
	assert.NoError(t, c.GetJSON(t.Context(), "/charges?id=1", &got, outbound.Header("Accept", "application/vnd.x+json")))
	assert.Equal(t, got, receipt{"ch_1", "succeeded"})
	assert.NoError(t, c.JSON(t.Context(), http.MethodDelete, "/charges/1", nil, nil))
	assert.Equal(t, seen, []string{
		`POST /charges application/json application/json "o_1 \"a\\b\"" {"order":"o_1","amount_cents":250}`,
		`GET /charges?id=1  application/vnd.x+json  `,
		`DELETE /charges/1  application/json  `,
	})
}

func TestAnswersThatAreNoJSON(t *testing.T) {
	for _, text := range []string{"", "<html>hunter2</html>", `{"id":1}`, `{"id":"a"} {"id":"b"}`, `{"id":"a"`, "null null"} {
		c := client(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }, outbound.Config{Name: "payments"})
		err := c.GetJSON(t.Context(), "/charges", &receipt{})
		wantKind(t, err, problem.Upstream)
		assert.Contains(t, err.Error(), "call payments: GET /charges: read the answer as JSON")
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestRequestsThatCannotBeMade(t *testing.T) {
	c := client(t, func(http.ResponseWriter, *http.Request) { t.Error("the dependency was called") }, outbound.Config{})
	for _, err := range []error{
		c.PostJSON(t.Context(), "/", math.Inf(1), nil),
		c.PostJSON(t.Context(), "/%zz?token=hunter2", nil, nil),
		c.JSON(t.Context(), "NO METHOD", "/", nil, nil),
		c.PostJSON(t.Context(), "/", nil, nil, outbound.IdempotencyKey("")),
		c.PostJSON(t.Context(), "/", nil, nil, outbound.IdempotencyKey("a\nb")),
		c.PostJSON(t.Context(), "/", nil, nil, outbound.IdempotencyKey("ü")),
		c.PostJSON(t.Context(), "/", nil, nil, outbound.IdempotencyKey(strings.Repeat("x", 256))),
	} {
		wantKind(t, err, problem.Internal)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestAnotherStatusIsAnError(t *testing.T) {
	for status, kind := range map[int]problem.Kind{
		301: problem.Upstream, 400: problem.Upstream, 404: problem.Upstream, 429: problem.Upstream, 500: problem.Upstream,
		503: problem.Upstream, 504: problem.Deadline, 408: problem.Deadline,
	} {
		c := client(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "declined\x00\n\xff"+strings.Repeat("x", 100_000))
		}, outbound.Config{Name: "payments"})
		err := c.PostJSON(t.Context(), "/charges?token=hunter2", charge{}, &receipt{})
		failed := assert.ErrorAs[*outbound.StatusError](t, err)
		assert.Equal(t, failed.Status, status)
		assert.Equal(t, failed.Header.Get("Retry-After"), "7")
		assert.Equal(t, err.Error(), "call payments: POST: status "+strconv.Itoa(status))
		wantKind(t, err, kind)
		cause := problem.From(err).Cause.Error()
		assert.Contains(t, cause, "POST /charges: status "+strconv.Itoa(status)+": declined   xxx")
		assert.AtMost(t, len(cause), 350)
		assert.NotContains(t, cause, "hunter2")
	}
}

func TestAnErrorsBodyThatHangsDelaysTheErrorBriefly(t *testing.T) {
	for how, handler := range hangs {
		if how == "before the headers" {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			c := client(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); handler(w, r) }, outbound.Config{})
			begun := time.Now()
			err := c.GetJSON(t.Context(), "/", nil, outbound.Once())
			assert.Equal(t, assert.ErrorAs[*outbound.StatusError](t, err).Status, 500)
			assert.AtMost(t, time.Since(begun), 110*time.Millisecond)
		})
	}
}

func TestConnectionsAreKeptAfterErrors(t *testing.T) {
	status := 0
	c, dials := counted(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"id":"1"}`+strings.Repeat(" ", 10_000))
	}, outbound.Config{})
	for _, status = range []int{200, 500, 404, 200} {
		err := c.GetJSON(t.Context(), "/", &receipt{})
		var failed *outbound.StatusError
		assert.Equal(t, errors.As(err, &failed), status != 200)
	}
	assert.Equal(t, dials.Load(), 1)
}

func TestACallThatIsLateInItsBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, hangs["in the body"], outbound.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantKind(t, c.GetJSON(ctx, "/", &receipt{}), problem.Deadline)
	})
}
