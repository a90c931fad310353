package launch

import (
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func texts(lines []Line) []string {
	all := make([]string, 0, len(lines))
	for _, line := range lines {
		all = append(all, line.Text)
	}
	return all
}

func TestLinesAreJoinedAcrossReads(t *testing.T) {
	o := newOutput(Spec{}, func() time.Duration { return 1 })
	o.take(Stdout, []byte("one\r\ntw"), false)
	o.take(Stderr, []byte("other\n"), false)
	assert.Equal(t, texts(o.all()), []string{"one", "other", "tw"}) // one under way is shown, but not counted
	assert.Equal(t, o.count(), Volume{Lines: 2, Bytes: 13})
	o.take(Stdout, []byte("o\n\nlast"), true)
	assert.Equal(t, texts(o.all()), []string{"one", "other", "two", "", "last"})
}

func TestLongLinesAreCut(t *testing.T) {
	o := newOutput(Spec{}, func() time.Duration { return 1 })
	long := strings.Repeat("x", maxLine-1)
	o.take(Stdout, []byte(long), false)
	o.take(Stdout, []byte("yz\n"), false)
	o.take(Stdout, []byte("next\n"), false)
	lines := o.all()
	assert.Equal(t, lines[0], Line{At: 1, Text: long + "y", Cut: true})
	assert.Equal(t, lines[1], Line{At: 1, Text: "next"})
}

func TestOldLinesMakeRoom(t *testing.T) {
	o := newOutput(Spec{Lines: 100, Bytes: 10}, func() time.Duration { return 1 })
	for _, text := range []string{"aaaa", "bbbb", "cccc", "dd"} {
		o.take(Stdout, []byte(text+"\n"), false)
	}
	assert.Equal(t, texts(o.all()), []string{"bbbb", "cccc", "dd"})
	assert.Equal(t, o.count().Dropped, int64(1))
	assert.Equal(t, texts(o.tail(2)), []string{"cccc", "dd"})
	assert.AtMost(t, o.bytes, 10)
}

func FuzzOutput(f *testing.F) {
	f.Add("a\nb\r\nc", 2)
	f.Fuzz(func(t *testing.T, text string, at int) {
		at = min(max(at, 0), len(text))
		whole, parts := newOutput(Spec{}, func() time.Duration { return 1 }), newOutput(Spec{}, func() time.Duration { return 1 })
		whole.take(Stdout, []byte(text), true)
		parts.take(Stdout, []byte(text[:at]), false)
		parts.take(Stdout, []byte(text[at:]), true)
		assert.Equal(t, parts.all(), whole.all())
		assert.Equal(t, parts.count(), whole.count())
	})
}
