package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type order struct {
	ID          string    `json:"id"`
	Customer    string    `json:"customer"`
	Items       []item    `json:"items"`
	Currency    string    `json:"currency"`
	AmountCents int64     `json:"amount_cents"`
	Status      string    `json:"status"`
	Payment     string    `json:"payment,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
}

type item struct {
	SKU        string `json:"sku"`
	Quantity   int64  `json:"quantity"`
	PriceCents int64  `json:"price_cents"`
}

const (
	statusPending   = "pending"   // the charge was not made yet, or its outcome is unknown
	statusPaid      = "paid"      // charged
	statusDeclined  = "declined"  // payments refused
	statusFailed    = "failed"    // payments could not be reached
	statusCancelled = "cancelled" // by the customer
)

type api struct {
	log      *slog.Logger
	orders   *store
	payments *payments
}

type createRequest struct {
	Customer string `json:"customer"`
	Items    []item `json:"items"`
	Currency string `json:"currency"`
}

var (
	nameRE     = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	currencyRE = regexp.MustCompile(`^[A-Z]{3}$`)
)

func (c createRequest) validate() error {
	if !nameRE.MatchString(c.Customer) {
		return errors.New("customer must be 1 to 64 letters, digits, dots, dashes or underscores")
	}
	if !currencyRE.MatchString(c.Currency) {
		return errors.New("currency must be three capital letters")
	}
	if len(c.Items) < 1 || len(c.Items) > 100 {
		return errors.New("items must be 1 to 100")
	}
	for i, item := range c.Items {
		if !nameRE.MatchString(item.SKU) {
			return fmt.Errorf("items[%d].sku must be 1 to 64 letters, digits, dots, dashes or underscores", i)
		}
		if item.Quantity < 1 || item.Quantity > 1000 {
			return fmt.Errorf("items[%d].quantity must be 1 to 1000", i)
		}
		if item.PriceCents < 1 || item.PriceCents > 100_000_000 {
			return fmt.Errorf("items[%d].price_cents must be 1 to 100000000", i)
		}
	}
	return nil
}

// create stores an order, charges for it and stores the outcome.
func (a *api) create(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	var request createRequest
	if err := readJSON(w, r, &request); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			writeError(w, http.StatusRequestEntityTooLarge, "body is too large")
			return
		}
		writeError(w, http.StatusBadRequest, "invalid JSON: "+err.Error())
		return
	}
	if err := request.validate(); err != nil {
		writeError(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	o := order{
		ID: newID(), Customer: request.Customer, Items: request.Items, Currency: request.Currency,
		Status: statusPending, CreatedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
	for _, item := range o.Items {
		o.AmountCents += item.Quantity * item.PriceCents
	}
	if err := a.orders.insert(ctx, o); err != nil {
		a.internalError(w, r, err)
		return
	}

	payment, chargeErr := a.payments.charge(ctx, o)
	switch {
	case chargeErr == nil:
		o.Status, o.Payment = statusPaid, payment
	case errors.Is(chargeErr, errDeclined):
		o.Status = statusDeclined
	case errors.Is(chargeErr, errUnreachable):
		o.Status = statusFailed
	}
	if o.Status != statusPending {
		if err := a.orders.setStatus(ctx, o.ID, o.Status, o.Payment); err != nil {
			a.internalError(w, r, err)
			return
		}
	}
	w.Header().Set("Location", "/orders/"+o.ID)
	switch {
	case chargeErr == nil:
		writeJSON(w, http.StatusCreated, o)
	case errors.Is(chargeErr, errDeclined):
		writeError(w, http.StatusUnprocessableEntity, "payment was declined")
	default:
		a.log.ErrorContext(ctx, "charge failed", "order", o.ID, "error", chargeErr.Error())
		writeError(w, chargeStatus(chargeErr), "payment failed, order "+o.ID+" is "+o.Status)
	}
}

// chargeStatus is the status of an answer after a charge that failed.
func chargeStatus(err error) int {
	switch {
	case errors.Is(err, errUnreachable):
		return http.StatusServiceUnavailable
	case errors.Is(err, errTimeout):
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

func (a *api) get(w http.ResponseWriter, r *http.Request) {
	o, err := a.orders.get(r.Context(), r.PathValue("id"))
	if errors.Is(err, errNotFound) {
		writeError(w, http.StatusNotFound, "no such order")
		return
	}
	if err != nil {
		a.internalError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, o)
}

func (a *api) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit := 20
	if text := query.Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 100 {
			writeError(w, http.StatusBadRequest, "limit must be 1 to 100")
			return
		}
	}
	before, err := base64.RawURLEncoding.DecodeString(query.Get("cursor"))
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid cursor")
		return
	}
	// One more than asked for tells whether there is a next page.
	orders, err := a.orders.list(r.Context(), query.Get("customer"), string(before), limit+1)
	if err != nil {
		a.internalError(w, r, err)
		return
	}
	page := struct {
		Orders     []order `json:"orders"`
		NextCursor string  `json:"next_cursor,omitempty"`
	}{Orders: orders}
	if len(orders) > limit {
		page.Orders = orders[:limit]
		page.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(orders[limit-1].ID))
	}
	writeJSON(w, http.StatusOK, page)
}

func (a *api) cancel(w http.ResponseWriter, r *http.Request) {
	o, err := a.orders.cancel(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, errNotFound):
		writeError(w, http.StatusNotFound, "no such order")
	case errors.Is(err, errNotCancellable):
		writeError(w, http.StatusConflict, "order is "+o.Status)
	case err != nil:
		a.internalError(w, r, err)
	default:
		writeJSON(w, http.StatusOK, o)
	}
}

func (a *api) internalError(w http.ResponseWriter, r *http.Request, err error) {
	a.log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err.Error())
	writeError(w, http.StatusInternalServerError, "internal error")
}

// newID makes an id that sorts by time.
func newID() string {
	return fmt.Sprintf("o_%012x%s", time.Now().UnixMilli(), strings.ToLower(rand.Text()[:16]))
}
