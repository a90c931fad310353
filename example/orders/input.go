package main

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/plimsoll-go/plimsoll/problem"
)

// create is the body of POST /orders.
type create struct {
	Customer string `json:"customer"`
	Items    []Item `json:"items"`
	Currency string `json:"currency"`
}

// The limits of an order. They keep its amount below 2^63.
const (
	maxItems    = 100
	maxQuantity = 1_000
	maxPrice    = 100_000_000 // cents
)

var (
	namePattern     = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`) // ISO 4217
)

const (
	nameRule     = "must be 1 to 64 letters, digits, dots, dashes or underscores"
	currencyRule = "must be three capital letters, as in EUR"
)

// validate names every field that breaks a rule, at once.
func (c create) validate() error {
	var fields []problem.Field
	wants := func(ok bool, pointer, rule string) {
		if !ok {
			fields = append(fields, problem.Field{Pointer: pointer, Detail: rule})
		}
	}
	wants(namePattern.MatchString(c.Customer), "/customer", nameRule)
	wants(currencyPattern.MatchString(c.Currency), "/currency", currencyRule)
	if len(c.Items) == 0 || len(c.Items) > maxItems {
		wants(false, "/items", fmt.Sprintf("must be 1 to %d items", maxItems))
		c.Items = nil
	}
	for i, item := range c.Items {
		at := fmt.Sprintf("/items/%d/", i)
		wants(namePattern.MatchString(item.SKU), at+"sku", nameRule)
		wants(1 <= item.Quantity && item.Quantity <= maxQuantity, at+"quantity", fmt.Sprintf("must be 1 to %d", maxQuantity))
		wants(1 <= item.PriceCents && item.PriceCents <= maxPrice, at+"price_cents", fmt.Sprintf("must be 1 to %d", maxPrice))
	}
	if fields == nil {
		return nil
	}
	p := problem.New(problem.Unprocessable, "the order breaks a rule")
	p.Fields = fields
	return p
}

// decode reads a JSON body that is exactly what v describes: no other members,
// none twice, nothing after it.
func decode(r *http.Request, v any) error {
	if given := r.Header.Get("Content-Type"); given != "" {
		if media, _, err := mime.ParseMediaType(given); err != nil || media != "application/json" {
			return problem.New(problem.Unsupported, "send application/json")
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	if err := json.Unmarshal(body, v, json.RejectUnknownMembers(true)); err != nil {
		return malformed(err)
	}
	return nil
}

// malformed says where a body is not what it should be.
func malformed(err error) error {
	var (
		field    problem.Field
		syntax   *jsontext.SyntacticError
		semantic *json.SemanticError
	)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		field.Detail = "the JSON ends too early"
	case errors.As(err, &syntax):
		field = problem.Field{Pointer: string(syntax.JSONPointer), Detail: syntax.Err.Error()}
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		field = problem.Field{Pointer: string(semantic.JSONPointer), Detail: "is not a member of an order"}
	case errors.As(err, &semantic):
		field = problem.Field{Pointer: string(semantic.JSONPointer), Detail: "does not take this " + semantic.JSONKind.String()}
	default:
		field.Detail = "is not valid JSON"
	}
	p := problem.Wrap(problem.Invalid, "the body is not an order", err)
	p.Fields = []problem.Field{field}
	return p
}
