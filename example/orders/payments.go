package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
)

// charges calls the payments service.
type charges struct{ client *outbound.Client }

type chargeRequest struct {
	Order       string `json:"order"`
	AmountCents int64  `json:"amount_cents"`
	Currency    string `json:"currency"`
}

type chargeAnswer struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// charge charges for the order and sets its status by what is certain: Paid,
// Declined, Failed when payments was never reached; Pending is left when the
// charge may have been made. The key is the order's: whoever asks again, a
// broken connection or a person, charges once.
func (c *charges) charge(ctx context.Context, order *Order) error {
	var answer chargeAnswer
	err := c.client.PostJSON(ctx, "/charges", chargeRequest{order.ID, order.AmountCents, order.Currency}, &answer,
		outbound.IdempotencyKey(order.ID))
	switch {
	case err == nil && answer.Status == "succeeded" && answer.ID != "":
		order.Status, order.Payment = Paid, answer.ID
		return nil
	case err == nil && (answer.Status == "failed" || answer.Status == "declined"):
		order.Status = Declined
		return fmt.Errorf("charge %q: status %q", answer.ID, answer.Status)
	case err == nil:
		return problem.Wrap(problem.Upstream, "", fmt.Errorf("payments answered with id %q and status %q", answer.ID, answer.Status))
	case isDeclined(err):
		order.Status = Declined
	case wasNotSent(err):
		order.Status = Failed
	}
	return err
}

// isDeclined reports whether payments said no.
func isDeclined(err error) bool {
	var status *outbound.StatusError
	return errors.As(err, &status) && (status.Status == http.StatusPaymentRequired || status.Status == http.StatusUnprocessableEntity)
}

// wasNotSent reports whether payments certainly did not charge: no connection
// was made, the call was held back, or payments says so itself.
func wasNotSent(err error) bool {
	if errors.Is(err, outbound.ErrNotExecuted) {
		return true
	}
	var status *outbound.StatusError
	return errors.As(err, &status) && status.Header.Get("Plimsoll-Executed") == "no"
}
