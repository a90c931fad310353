package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// placeholder is one variable of a body template.
var placeholder = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// CheckBody reports placeholders that a body template knows nothing of. Known
// are {{n}}, the call's number, which is unique for the sink's life, and
// {{key}}, its Idempotency-Key as JSON text without quotes, or its number when
// it carried none: a dependency that repeats itself answers {"id":"ch_{{key}}"}.
func CheckBody(template string) error {
	for _, found := range placeholder.FindAllString(template, -1) {
		if found != "{{n}}" && found != "{{key}}" {
			return fmt.Errorf("fault: body template has %s; known are {{n}} and {{key}}", found)
		}
	}
	return nil
}

// expand fills a body template in for one call.
func expand(template string, q Request) string {
	if !strings.Contains(template, "{{") {
		return template
	}
	n := strconv.FormatInt(q.ID, 10)
	template = strings.ReplaceAll(template, "{{n}}", n) // before the key, which may hold anything
	if !strings.Contains(template, "{{key}}") {
		return template
	}
	key := n
	if sent := q.Get("Idempotency-Key"); sent != "" {
		quoted, _ := json.Marshal(sent) // a string always can be
		key = string(quoted[1 : len(quoted)-1])
	}
	return strings.ReplaceAll(template, "{{key}}", key)
}

// message is an answer on its way out: text, then spaces up to its length.
type message struct {
	text []byte // the head and the body without its padding
	head int    // length of the head
	pad  int64  // spaces that follow
	sent int64  // bytes that are out
}

// spaces is what padding is cut from.
var spaces = bytes.Repeat([]byte(" "), 32<<10)

// compose renders a behaviour's answer to a call into buf. halved answers have
// a body that can be cut in two.
func compose(buf []byte, b Behaviour, q Request, last, halved bool) message {
	status := b.status()
	body, pad := "", int64(0)
	bodied := status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
	if bodied {
		body = expand(b.template(), q)
		pad = max(b.Size-int64(len(body)), 0)
		if halved && int64(len(body))+pad < 2 {
			pad = 64
		}
	}
	buf = fmt.Appendf(buf[:0], "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	if bodied {
		buf = fmt.Appendf(buf, "Content-Type: %s\r\nContent-Length: %d\r\n", b.contentType(), int64(len(body))+pad)
	}
	for name, values := range b.Header {
		for _, value := range values {
			buf = fmt.Appendf(buf, "%s: %s\r\n", name, value)
		}
	}
	if last {
		buf = append(buf, "Connection: close\r\n"...)
	}
	buf = append(buf, "\r\n"...)
	m := message{head: len(buf)}
	if q.Method == http.MethodHead {
		m.text = buf
		return m
	}
	m.text, m.pad = append(buf, body...), pad
	return m
}

func (b Behaviour) template() string {
	switch {
	case b.Body != "":
		return b.Body
	case b.status() < http.StatusBadRequest:
		return `{"id":"{{n}}","status":"succeeded"}`
	}
	quoted, _ := json.Marshal(http.StatusText(b.status())) // a string always can be
	return `{"error":` + string(quoted) + `}`
}

func (b Behaviour) contentType() string {
	if b.ContentType == "" {
		return "application/json"
	}
	return b.ContentType
}

// size is how many bytes are left.
func (m *message) size() int64 { return int64(len(m.text)) + m.pad }

// half is how many bytes end in the middle of the body, or of the head when
// there is no body.
func (m *message) half() int64 {
	if body := m.size() - int64(m.head); body > 0 {
		return int64(m.head) + max(body/2, 1)
	}
	return int64(m.head / 2)
}

// next is up to n of the bytes that are left; skip takes them off.
func (m *message) next(n int64) []byte {
	if len(m.text) > 0 {
		return m.text[:min(n, int64(len(m.text)))]
	}
	return spaces[:min(n, m.pad, int64(len(spaces)))]
}

func (m *message) skip(n int) {
	m.sent += int64(n)
	if len(m.text) > 0 {
		m.text = m.text[n:]
		return
	}
	m.pad -= int64(n)
}
