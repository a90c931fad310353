package main

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/problem"
)

func TestInputThatIsNotAnOrderIsRefusedByTheFieldsName(t *testing.T) {
	url := start(t, "http://127.0.0.1:1")
	with := func(old, new string) string { return strings.Replace(example, old, new, 1) }
	for name, c := range map[string]struct {
		body     string
		status   int
		pointers string
	}{
		"nothing":             {``, 400, ""},
		"cut off":             {example[:20], 400, ""},
		"no JSON":             {`customer=c_1`, 400, ""},
		"an array":            {`[]`, 400, ""},
		"trailing data":       {example + `{}`, 400, ""},
		"an unknown member":   {with(`{`, `{"coupon":"x",`), 400, "/coupon"},
		"unknown, inside":     {with(`"sku"`, `"color":"red","sku"`), 400, "/items/0/color"},
		"a member twice":      {with(`{`, `{"currency":"USD",`), 400, "/currency"},
		"another case":        {with(`"customer"`, `"Customer"`), 400, "/Customer"},
		"a wrong type":        {with(`"c_1"`, `7`), 400, "/customer"},
		"a wrong type inside": {with(`"quantity":2`, `"quantity":"2"`), 400, "/items/0/quantity"},
		"a fraction":          {with(`"quantity":2`, `"quantity":1.5`), 400, "/items/0/quantity"},
		"a huge number":       {with(`"quantity":2`, `"quantity":1e400`), 400, "/items/0/quantity"},
		"not a number":        {with(`"quantity":2`, `"quantity":NaN`), 400, "/items/0/quantity"},
		"bad UTF-8":           {with(`c_1`, "c\xff"), 400, "/customer"},
		"too deep":            {strings.Repeat(`[`, 20000), 400, ""},
		"an empty object":     {`{}`, 422, "/customer /currency /items"},
		"null":                {with(`"c_1"`, `null`), 422, "/customer"},
		"no items":            {with(`{"sku":"a","quantity":2,"price_cents":250}`, ``), 422, "/items"},
		"too many items":      {with(`{"sku":"a","quantity":2,"price_cents":250}`, strings.Repeat(`{},`, 100)+`{}`), 422, "/items"},
		"every field":         {`{"customer":"c 1","items":[{},{"sku":"a","quantity":-1,"price_cents":0}],"currency":"eur"}`, 422, "/customer /currency /items/0/sku /items/0/quantity /items/0/price_cents /items/1/quantity /items/1/price_cents"},
		"too large a price":   {with(`250`, `100000001`), 422, "/items/0/price_cents"},
	} {
		t.Run(name, func(t *testing.T) {
			refused := call(t, "POST", url+"/orders", c.body, "Content-Type", "application/json")
			assert.Equal(t, refused.status, c.status)
			var pointers []string
			for _, field := range refused.Errors {
				pointers = append(pointers, field["pointer"])
				assert.NotZero(t, field["detail"])
			}
			if c.pointers != "" || c.status == 422 {
				assert.Equal(t, strings.Join(pointers, " "), c.pointers)
			}
		})
	}
	assert.Equal(t, call(t, "POST", url+"/orders", example, "Content-Type", "text/plain").status, 415)
	assert.Equal(t, call(t, "POST", url+"/orders", strings.Repeat(" ", 2<<20)).status, 413)
	assert.Len(t, call(t, "GET", url+"/orders", "").Orders, 0, "nothing was stored")
}

func TestAQueryThatIsNotValidIsRefusedByName(t *testing.T) {
	url := start(t, "http://127.0.0.1:1")
	for query, name := range map[string]string{
		"limit=0": "limit", "limit=101": "limit", "limit=x": "limit", "limit=1e1": "limit",
		"cursor=!": "cursor", "cursor=bm90IGFuIGlk": "cursor", "customer=a%20b": "customer",
	} {
		refused := call(t, "GET", url+"/orders?"+query, "")
		assert.Equal(t, refused.status, 400, query)
		assert.Len(t, refused.Errors, 1, query)
		assert.Equal(t, refused.Errors[0]["name"], name, query)
	}
}

func TestTheLargestOrderDoesNotOverflow(t *testing.T) {
	items := make([]Item, maxItems)
	for i := range items {
		items[i] = Item{"a", maxQuantity, maxPrice}
	}
	assert.Equal(t, amount(items), int64(maxItems*maxQuantity*maxPrice))
}

func TestIdsSortByTime(t *testing.T) {
	now := time.Now()
	earlier, later := newID(now), newID(now.Add(time.Millisecond))
	assert.True(t, earlier < later, "%s, %s", earlier, later)
	assert.True(t, idPattern.MatchString(earlier))
	assert.NotEqual(t, newID(now), earlier)
}

// Whatever is sent, it is an order that keeps the rules, or the fault of the
// sender.
func FuzzDecode(f *testing.F) {
	f.Add(example)
	f.Add(`{"items":[{"sku":1}]}`)
	f.Add(`{"a":{"b":[{}]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		var in create
		err := decode(httptest.NewRequestWithContext(t.Context(), "POST", "/orders", strings.NewReader(body)), &in)
		if err == nil {
			err = in.validate()
		}
		if err != nil {
			p := problem.From(err)
			assert.True(t, p.Kind == problem.Invalid || p.Kind == problem.Unprocessable, "%v", err)
			assert.True(t, len(p.Fields) > 0, "%v", err)
			return
		}
		assert.True(t, amount(in.Items) > 0, "%+v", in)
	})
}

// A cursor that is accepted is one that was given out.
func FuzzParseCursor(f *testing.F) {
	f.Add(cursor(newID(time.Now())))
	f.Add("")
	f.Add("bm90IGFuIGlk")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parsePage(url.Values{"cursor": {text}})
		if err != nil {
			return
		}
		if text == "" {
			assert.Equal(t, q.before, "")
			return
		}
		assert.Equal(t, cursor(q.before), text)
	})
}
