package fault

import (
	"encoding/json"
	"testing"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

func TestSequenceStaysAtItsLast(t *testing.T) {
	script := Sequence(Status(500), Status(503), Status(200))
	for n, want := range []int{500, 503, 200, 200} {
		assert.Equal(t, script(n+1, Request{}).status(), want)
	}
	assert.Equal(t, Sequence()(1, Request{}).status(), 200)
}

func TestPercentIsAShareAndCanBeRepeated(t *testing.T) {
	script := Percent(30, 7, Always(Status(500)), nil)
	hits := 0
	for n := range 10_000 {
		b := script(n, Request{})
		assert.Equal(t, script(n, Request{}).status(), b.status())
		if b.Status == 500 {
			hits++
		}
	}
	assert.AtLeast(t, hits, 2800)
	assert.AtMost(t, hits, 3200)
	for n := range 100 {
		assert.Equal(t, Percent(0, 7, Always(Status(500)), nil)(n, Request{}).status(), 200)
		assert.Equal(t, Percent(100, 7, Always(Status(500)), nil)(n, Request{}).status(), 500)
	}
}

func TestRoutesMatchMethodAndPath(t *testing.T) {
	script := Routes([]Route{
		{Method: "POST", Path: "/charges", Then: Always(Status(201))},
		{Path: "/charges/*", Then: Always(Status(202))},
		{Method: "DELETE", Then: Always(Status(405))},
	}, Always(Status(404)))
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"POST", "/charges", 201}, {"POST", "/charges?x=/charges/1", 201}, {"GET", "/charges", 404},
		{"GET", "/charges/1", 202}, {"DELETE", "/", 405}, {"GET", "/health", 404},
	} {
		assert.Equal(t, script(1, Request{Method: c.method, Path: c.path}).status(), c.want, c.path)
	}
}

func TestNamesAreReadBack(t *testing.T) {
	for _, a := range Acts() {
		var back Act
		assert.NoError(t, back.UnmarshalText([]byte(a.String())))
		assert.Equal(t, back, a)
	}
	for _, e := range Ends() {
		var back End
		assert.NoError(t, back.UnmarshalText([]byte(e.String())))
		assert.Equal(t, back, e)
	}
	record := Record{ID: 1, Act: ActHang, End: Cancelled, Departure: RST, Carried: Carried{IdempotencyKey: "k"}, Body: []byte{0xff}}
	text, err := json.Marshal(record)
	assert.NoError(t, err)
	assert.Contains(t, string(text), `"act":"hang","arrived":0,"end":"cancelled","departure":"rst"`)
	var back Record
	assert.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, back, record)
	assert.Error(t, json.Unmarshal([]byte(`{"act":"dance"}`), &back))
	assert.Equal(t, Act(200).String(), "unknown")
}

func TestBodyTemplates(t *testing.T) {
	call := Request{ID: 7, fields: []field{{"Idempotency-Key", `a"b`}}}
	assert.Equal(t, expand(`{"id":"{{n}}","key":"{{key}}"}`, call), `{"id":"7","key":"a\"b"}`)
	assert.Equal(t, expand(`{{key}}`, Request{ID: 7}), "7")
	assert.NoError(t, CheckBody(`{"id":"{{n}}-{{key}}"}`))
	assert.Contains(t, CheckBody(`{{uuid}}`).Error(), "{{uuid}}; known are")
}
