package assert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"
)

// recorder is a testing.TB that keeps the failure instead of failing.
type recorder struct {
	testing.TB
	message string
}

func (*recorder) Helper() {}

func (r *recorder) Fatal(args ...any) {
	r.message = fmt.Sprint(args...)
	runtime.Goexit()
}

// messageOf runs one assertion and returns what it complained about, "" when it held.
func messageOf(f func(r *recorder)) string {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.message
}

func TestHold(t *testing.T) {
	now := time.Now()
	Equal(t, 1, 1)
	Equal(t, now, now.UTC().Round(0))
	Equal(t, []byte("a"), []byte("a"))
	Equal(t, []string{"a"}, []string{"a"})
	Equal[any](t, nil, nil)
	NotEqual(t, 1, 2)
	NotEqual(t, []byte(nil), []byte{})
	True(t, true)
	False(t, false)
	Zero(t, "")
	Zero[error](t, nil)
	NotZero[any](t, 0) // an interface that holds something is not nil
	NotZero(t, 1)
	Len(t, map[string]int{"a": 1}, 1)
	AtMost(t, 2, 2)
	AtLeast(t, 2, 2)
	Contains(t, "budget", "get")
	NotContains(t, "budget", "bob")
	Match(t, "budget 12 ms", `\d+ ms`)
	NoError(t, nil)
	Error(t, io.EOF)
	ErrorIs(t, fmt.Errorf("read: %w", io.EOF), io.EOF)
	Equal(t, ErrorAs[*fs.PathError](t, &fs.PathError{Op: "open"}).Op, "open")
	Equal(t, Panics(t, func() { panic("no") }), any("no"))
	asked := 0
	Eventually(t, time.Minute, func() bool { asked++; return asked == 3 })
}

func TestComplain(t *testing.T) {
	cases := map[string]struct {
		check func(r *recorder)
		want  string
	}{
		"Equal":        {func(r *recorder) { Equal(r, 1, 2) }, "got: 1\nwant: 2"},
		"EqualLines":   {func(r *recorder) { Equal(r, "a\nb", "a\nc") }, `line 2 differs`},
		"EqualShorter": {func(r *recorder) { Equal(r, "a", "a\nc") }, `(no such line)`},
		"EqualTime":    {func(r *recorder) { Equal(r, time.Unix(1, 0), time.Unix(2, 0)) }, "differs"},
		"EqualBytes":   {func(r *recorder) { Equal(r, []byte("a"), []byte("b")) }, `"a"`},
		"NotEqual":     {func(r *recorder) { NotEqual(r, "a", "a") }, `unwanted "a"`},
		"True":         {func(r *recorder) { True(r, false, "row %d", 7) }, "row 7: got false"},
		"False":        {func(r *recorder) { False(r, true, "row") }, "row: got true"},
		"Zero":         {func(r *recorder) { Zero(r, time.Second) }, "1s"},
		"NotZero":      {func(r *recorder) { NotZero(r, 0) }, "zero value 0"},
		"Len":          {func(r *recorder) { Len(r, []int{1}, 2) }, "got 1 elements"},
		"AtMost":       {func(r *recorder) { AtMost(r, 3, 2) }, "at most 2"},
		"AtLeast":      {func(r *recorder) { AtLeast(r, 1, 2) }, "at least 2"},
		"Contains":     {func(r *recorder) { Contains(r, "a", "b") }, `"b"`},
		"NotContains":  {func(r *recorder) { NotContains(r, "a", "a") }, `"a"`},
		"Match":        {func(r *recorder) { Match(r, "a", "^b$") }, "does not match"},
		"NoError":      {func(r *recorder) { NoError(r, io.EOF) }, `"EOF"`},
		"Error":        {func(r *recorder) { Error(r, nil) }, "no error"},
		"ErrorIs":      {func(r *recorder) { ErrorIs(r, nil, io.EOF) }, "<nil>"},
		"ErrorAs":      {func(r *recorder) { ErrorAs[*fs.PathError](r, errors.New("x")) }, "*fs.PathError"},
		"Panics":       {func(r *recorder) { Panics(r, func() {}) }, "did not panic"},
		"Eventually": {
			func(r *recorder) { Eventually(r, time.Millisecond, func() bool { return false }) },
			"did not hold within 1ms",
		},
		"NilStringer": {func(r *recorder) { NotEqual[*strings.Builder](r, nil, nil) }, "nil"},
		"ErrorValue":  {func(r *recorder) { Equal(r, io.EOF, context.Canceled) }, `"EOF"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			message := messageOf(c.check)
			if !strings.Contains(message, c.want) {
				t.Fatalf("complained %q, want it to contain %q", message, c.want)
			}
		})
	}
}
