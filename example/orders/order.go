package main

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Order is one order as clients see it.
type Order struct {
	ID          string    `json:"id"`
	Customer    string    `json:"customer"`
	Items       []Item    `json:"items"`
	Currency    string    `json:"currency"`
	AmountCents int64     `json:"amount_cents"`
	Status      Status    `json:"status"`
	Payment     string    `json:"payment,omitempty"` // the charge's id, once it was made
	CreatedAt   time.Time `json:"created_at"`
}

// Item is one line of an order.
type Item struct {
	SKU        string `json:"sku"`
	Quantity   int64  `json:"quantity"`
	PriceCents int64  `json:"price_cents"`
}

// Status is where an order stands.
type Status string

// The statuses. An order is stored as pending before it is charged, and stays
// so when nobody can know whether the charge was made.
const (
	Pending   Status = "pending"
	Paid      Status = "paid"
	Declined  Status = "declined"  // payments refused
	Failed    Status = "failed"    // payments was not reached; nothing was charged
	Cancelled Status = "cancelled" // by the customer, after it was paid
)

// amount is what all items cost. The limits of input keep it from overflowing.
func amount(items []Item) (cents int64) {
	for _, item := range items {
		cents += item.Quantity * item.PriceCents
	}
	return cents
}

// idPattern is what newID makes.
var idPattern = regexp.MustCompile(`^o_[0-9a-f]{12}[a-z2-7]{16}$`)

// newID makes an id that sorts by time: pages go from the newest order to the
// oldest by it.
func newID(now time.Time) string {
	return fmt.Sprintf("o_%012x%s", now.UnixMilli(), strings.ToLower(rand.Text()[:16]))
}
