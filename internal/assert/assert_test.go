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
func messageOf(tb testing.TB, f func(tb testing.TB)) string {
	r := &recorder{TB: tb}
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
		check func(tb testing.TB)
		want  string
	}{
		"Equal":        {func(tb testing.TB) { Equal(tb, 1, 2) }, "got: 1\nwant: 2"},
		"EqualLines":   {func(tb testing.TB) { Equal(tb, "a\nb", "a\nc") }, `line 2 differs`},
		"EqualShorter": {func(tb testing.TB) { Equal(tb, "a", "a\nc") }, `(no such line)`},
		"EqualTime":    {func(tb testing.TB) { Equal(tb, time.Unix(1, 0), time.Unix(2, 0)) }, "differs"},
		"EqualBytes":   {func(tb testing.TB) { Equal(tb, []byte("a"), []byte("b")) }, `"a"`},
		"NotEqual":     {func(tb testing.TB) { NotEqual(tb, "a", "a") }, `unwanted "a"`},
		"True":         {func(tb testing.TB) { True(tb, false, "row %d", 7) }, "row 7: got false"},
		"False":        {func(tb testing.TB) { False(tb, true, "row") }, "row: got true"},
		"Zero":         {func(tb testing.TB) { Zero(tb, time.Second) }, "1s"},
		"NotZero":      {func(tb testing.TB) { NotZero(tb, 0) }, "zero value 0"},
		"Len":          {func(tb testing.TB) { Len(tb, []int{1}, 2) }, "got 1 elements"},
		"AtMost":       {func(tb testing.TB) { AtMost(tb, 3, 2) }, "at most 2"},
		"AtLeast":      {func(tb testing.TB) { AtLeast(tb, 1, 2) }, "at least 2"},
		"Contains":     {func(tb testing.TB) { Contains(tb, "a", "b") }, `"b"`},
		"NotContains":  {func(tb testing.TB) { NotContains(tb, "a", "a") }, `"a"`},
		"Match":        {func(tb testing.TB) { Match(tb, "a", "^b$") }, "does not match"},
		"NoError":      {func(tb testing.TB) { NoError(tb, io.EOF) }, `"EOF"`},
		"Error":        {func(tb testing.TB) { Error(tb, nil) }, "no error"},
		"ErrorIs":      {func(tb testing.TB) { ErrorIs(tb, nil, io.EOF) }, "<nil>"},
		"ErrorAs":      {func(tb testing.TB) { ErrorAs[*fs.PathError](tb, errors.New("x")) }, "*fs.PathError"},
		"Panics":       {func(tb testing.TB) { Panics(tb, func() {}) }, "did not panic"},
		"Eventually": {
			func(tb testing.TB) { Eventually(tb, time.Millisecond, func() bool { return false }) },
			"did not hold within 1ms",
		},
		"NilStringer": {func(tb testing.TB) { NotEqual[*strings.Builder](tb, nil, nil) }, "nil"},
		"ErrorValue":  {func(tb testing.TB) { Equal(tb, io.EOF, context.Canceled) }, `"EOF"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			message := messageOf(t, c.check)
			if !strings.Contains(message, c.want) {
				t.Fatalf("complained %q, want it to contain %q", message, c.want)
			}
		})
	}
}
