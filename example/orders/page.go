package main

import (
	"encoding/base64"
	"net/url"
	"strconv"

	"github.com/plimsoll-go/plimsoll/problem"
)

const (
	defaultLimit = 20
	maxLimit     = 100
)

// pageQuery is what GET /orders asks for.
type pageQuery struct {
	customer string // "": of all
	before   string // the id of the last order of the page before; "": from the newest
	limit    int
}

// page is one page of orders, newest first.
type page struct {
	Orders     []Order `json:"orders"`
	NextCursor string  `json:"next_cursor,omitempty"` // none: this is the last page
}

func parsePage(values url.Values) (pageQuery, error) {
	q := pageQuery{customer: values.Get("customer"), limit: defaultLimit}
	var fields []problem.Field
	if q.customer != "" && !namePattern.MatchString(q.customer) {
		fields = append(fields, problem.Field{Name: "customer", Detail: nameRule})
	}
	if text := values.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			fields = append(fields, problem.Field{Name: "limit", Detail: "must be 1 to " + strconv.Itoa(maxLimit)})
		}
		q.limit = n
	}
	before, ok := parseCursor(values.Get("cursor"))
	if !ok {
		fields = append(fields, problem.Field{Name: "cursor", Detail: "must be a next_cursor of an earlier page"})
	}
	q.before = before
	if fields != nil {
		p := problem.New(problem.Invalid, "the query is not valid")
		p.Fields = fields
		return pageQuery{}, p
	}
	return q, nil
}

// newPage makes a page of limit orders from limit + 1 that were looked for.
func newPage(found []Order, limit int) page {
	if len(found) <= limit {
		return page{Orders: found}
	}
	return page{Orders: found[:limit], NextCursor: cursor(found[limit-1].ID)}
}

// cursor points behind an order. It is opaque to clients: what pages are
// ordered by may change.
func cursor(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// parseCursor reads what cursor made; of "" it is "".
func parseCursor(text string) (id string, ok bool) {
	if text == "" {
		return "", true
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || !idPattern.Match(raw) {
		return "", false
	}
	return string(raw), true
}
