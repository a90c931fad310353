package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/plimsoll-go/plimsoll/problem"
)

// recordTime bounds how long the outcome of a charge is written down for after
// its request is over.
const recordTime = 2 * time.Second

type api struct {
	orders   *orders
	payments *charges
}

// create stores an order, charges for it, and stores the outcome. Every answer
// but a refusal of the input says where the order is.
func (a *api) create(w http.ResponseWriter, r *http.Request) error {
	var in create
	if err := decode(r, &in); err != nil {
		return err
	}
	if err := in.validate(); err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	order := Order{
		ID: newID(now), Customer: in.Customer, Items: in.Items, Currency: in.Currency,
		AmountCents: amount(in.Items), Status: Pending, CreatedAt: now,
	}
	if err := a.orders.insert(r.Context(), order); err != nil {
		return err
	}
	location := "/orders/" + order.ID
	chargeErr := a.payments.charge(r.Context(), &order)
	if order.Status != Pending {
		if err := a.record(r.Context(), order); err != nil {
			return problem.Wrap(problem.Internal, "the order was charged or refused, and that could not be written down", err).
				WithHeader("Location", location)
		}
	}
	if chargeErr != nil {
		return explain(chargeErr, order).WithHeader("Location", location)
	}
	w.Header().Set("Location", location)
	return write(w, http.StatusCreated, order)
}

// record writes the outcome down also when the caller has left or the budget
// is spent: money may have moved.
func (a *api) record(ctx context.Context, order Order) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	return a.orders.settle(ctx, order)
}

// explain is the answer to a charge that was not made, or may not have been.
func explain(err error, order Order) *problem.Error {
	switch order.Status {
	case Declined:
		return problem.Wrap(problem.Unprocessable, "the payment was declined", err)
	case Failed:
		return problem.Wrap(problem.Unavailable, "payments cannot be reached; nothing was charged", err).WithHeader("Retry-After", "1")
	default:
		kind := problem.From(err).Kind // Deadline or Upstream
		return problem.Wrap(kind, fmt.Sprintf("it is not known whether payments charged for order %s; it is pending", order.ID), err)
	}
}

func (a *api) read(w http.ResponseWriter, r *http.Request) error {
	order, err := a.orders.read(r.Context(), r.PathValue("id"))
	if err != nil {
		return known(err)
	}
	return write(w, http.StatusOK, order)
}

func (a *api) list(w http.ResponseWriter, r *http.Request) error {
	query, err := parsePage(r.URL.Query())
	if err != nil {
		return err
	}
	// One more than asked for tells whether there is a next page.
	found, err := a.orders.list(r.Context(), query.customer, query.before, query.limit+1)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, newPage(found, query.limit))
}

func (a *api) cancel(w http.ResponseWriter, r *http.Request) error {
	order, err := a.orders.cancel(r.Context(), r.PathValue("id"))
	if errors.Is(err, errNotCancellable) {
		return problem.New(problem.Conflict, fmt.Sprintf("the order is %s; only one that is paid can be cancelled", order.Status))
	}
	if err != nil {
		return known(err)
	}
	return write(w, http.StatusOK, order)
}

// known turns the store's outcomes into answers.
func known(err error) error {
	if errors.Is(err, errNotFound) {
		return problem.New(problem.NotFound, "no order has this id")
	}
	return err
}

func write(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller is gone if this fails; the access log says so
	return nil
}
