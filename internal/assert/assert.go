// Package assert holds the few comparisons that the tests of this repository share.
//
// Every function stops the test when it does not hold, so the lines after it may rely on it. The value under test
// comes first, what was expected second. The trailing note is a fmt format with its arguments and says which case
// failed; it may be left out.
package assert

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Equal holds when got and want are deeply equal. Times are equal when they are the same instant and nil slices and
// maps differ from empty ones, as reflect.DeepEqual has it.
func Equal[T any](tb testing.TB, got, want T, note ...any) {
	tb.Helper()
	if !equal(got, want) {
		fail(tb, note, "%s", difference(got, want))
	}
}

// NotEqual holds when got and unwanted are not deeply equal.
func NotEqual[T any](tb testing.TB, got, unwanted T, note ...any) {
	tb.Helper()
	if equal(got, unwanted) {
		fail(tb, note, "got the unwanted %s", show(got))
	}
}

// True holds when the condition does.
func True(tb testing.TB, condition bool, note ...any) {
	tb.Helper()
	if !condition {
		fail(tb, note, "got false, want true")
	}
}

// False holds when the condition does not.
func False(tb testing.TB, condition bool, note ...any) {
	tb.Helper()
	if condition {
		fail(tb, note, "got true, want false")
	}
}

// Zero holds when got is the zero value of its type: 0, "", nil, an empty struct's fields.
func Zero[T any](tb testing.TB, got T, note ...any) {
	tb.Helper()
	if !isZero(got) {
		fail(tb, note, "got %s, want the zero value", show(got))
	}
}

// NotZero holds when got is anything but the zero value of its type.
func NotZero[T any](tb testing.TB, got T, note ...any) {
	tb.Helper()
	if isZero(got) {
		fail(tb, note, "got the zero value %s", show(got))
	}
}

// Len holds when a slice, map, string, array or channel has want elements.
func Len(tb testing.TB, collection any, want int, note ...any) {
	tb.Helper()
	if got := reflect.ValueOf(collection).Len(); got != want {
		fail(tb, note, "got %d elements, want %d: %s", got, want, show(collection))
	}
}

// AtMost holds when got <= limit.
func AtMost[T cmp.Ordered](tb testing.TB, got, limit T, note ...any) {
	tb.Helper()
	if got > limit {
		fail(tb, note, "got %v, want at most %v", got, limit)
	}
}

// AtLeast holds when got >= limit.
func AtLeast[T cmp.Ordered](tb testing.TB, got, limit T, note ...any) {
	tb.Helper()
	if got < limit {
		fail(tb, note, "got %v, want at least %v", got, limit)
	}
}

// Contains holds when the text has the part in it.
func Contains(tb testing.TB, text, part string, note ...any) {
	tb.Helper()
	if !strings.Contains(text, part) {
		fail(tb, note, "does not contain %q:\n%s", part, text)
	}
}

// NotContains holds when the text does not have the part in it.
func NotContains(tb testing.TB, text, part string, note ...any) {
	tb.Helper()
	if strings.Contains(text, part) {
		fail(tb, note, "contains %q:\n%s", part, text)
	}
}

// Match holds when the regular expression matches somewhere in the text.
func Match(tb testing.TB, text, pattern string, note ...any) {
	tb.Helper()
	if !regexp.MustCompile(pattern).MatchString(text) {
		fail(tb, note, "does not match %q:\n%s", pattern, text)
	}
}

// NoError holds when err is nil.
func NoError(tb testing.TB, err error, note ...any) {
	tb.Helper()
	if err != nil {
		fail(tb, note, "got the error %q (%T)", err, err)
	}
}

// Error holds when err is not nil.
func Error(tb testing.TB, err error, note ...any) {
	tb.Helper()
	if err == nil {
		fail(tb, note, "got no error")
	}
}

// ErrorIs holds when errors.Is(err, target) does.
func ErrorIs(tb testing.TB, err, target error, note ...any) {
	tb.Helper()
	if !errors.Is(err, target) {
		fail(tb, note, "got the error %q (%T), want one that is %q", fmt.Sprint(err), err, target)
	}
}

// ErrorAs holds when err's chain has an error of type E, and returns it.
func ErrorAs[E error](tb testing.TB, err error, note ...any) E {
	tb.Helper()
	var target E
	if !errors.As(err, &target) {
		fail(tb, note, "got the error %q (%T), want one of type %T", fmt.Sprint(err), err, target)
	}
	return target
}

// Panics holds when f panics, and returns what it panicked with.
func Panics(tb testing.TB, f func(), note ...any) (value any) {
	tb.Helper()
	defer func() {
		tb.Helper()
		if value = recover(); value == nil {
			fail(tb, note, "did not panic")
		}
	}()
	f()
	return nil
}

// Eventually holds when the condition does within the bound; it asks every few milliseconds. It is for what another
// goroutine or process does on a real network; where time can be faked, use testing/synctest.
func Eventually(tb testing.TB, bound time.Duration, condition func() bool, note ...any) {
	tb.Helper()
	deadline := time.NewTimer(bound)
	defer deadline.Stop()
	ask := time.NewTicker(min(5*time.Millisecond, max(bound/20, time.Microsecond)))
	defer ask.Stop()
	for !condition() {
		select {
		case <-ask.C:
		case <-deadline.C:
			if !condition() {
				fail(tb, note, "did not hold within %v", bound)
			}
			return
		}
	}
}

func fail(tb testing.TB, note []any, format string, args ...any) {
	tb.Helper()
	message := fmt.Sprintf(format, args...)
	switch {
	case len(note) == 1:
		message = fmt.Sprintf("%v: %s", note[0], message)
	case len(note) > 1:
		message = fmt.Sprintf(fmt.Sprint(note[0]), note[1:]...) + ": " + message
	}
	tb.Fatal(message)
}

func equal(a, b any) bool {
	switch a := a.(type) {
	case []byte:
		if b, ok := b.([]byte); ok {
			return (a == nil) == (b == nil) && bytes.Equal(a, b)
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Equal(b)
		}
	}
	return reflect.DeepEqual(a, b)
}

func isZero[T any](v T) bool {
	value := reflect.ValueOf(&v).Elem()
	if value.Kind() == reflect.Interface && !value.IsNil() {
		return false
	}
	return value.IsZero()
}

// difference names the first line that differs when both are texts of several lines, since a whole golden file
// printed twice hides it.
func difference(got, want any) string {
	a, aText := text(got)
	b, bText := text(want)
	if aText && bText && (strings.Contains(a, "\n") || strings.Contains(b, "\n")) {
		gotLines, wantLines := strings.Split(a, "\n"), strings.Split(b, "\n")
		for i := range max(len(gotLines), len(wantLines)) {
			if line(gotLines, i) != line(wantLines, i) {
				return fmt.Sprintf("line %d differs\n got: %s\nwant: %s\nall that was got:\n%s",
					i+1, line(gotLines, i), line(wantLines, i), a)
			}
		}
	}
	return fmt.Sprintf("differs\n got: %s\nwant: %s", show(got), show(want))
}

func line(lines []string, i int) string {
	if i >= len(lines) {
		return "(no such line)"
	}
	return fmt.Sprintf("%q", lines[i])
}

func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

func show(v any) string {
	switch v := v.(type) {
	case []byte:
		return fmt.Sprintf("%q", v)
	case error:
		return fmt.Sprintf("%q (%T)", v, v)
	case fmt.Stringer:
		if r := reflect.ValueOf(v); r.Kind() != reflect.Pointer || !r.IsNil() {
			return fmt.Sprintf("%v (%T)", v, v)
		}
	}
	return fmt.Sprintf("%#v", v)
}
