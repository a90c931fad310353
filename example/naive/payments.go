package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

var (
	errDeclined    = errors.New("payment declined")
	errUnreachable = errors.New("payments could not be reached")
	errTimeout     = errors.New("payments did not answer in time")
)

// payments is the client of the payments service.
type payments struct {
	url    string
	client *http.Client
}

func newPayments(url string) *payments {
	return &payments{url: url, client: &http.Client{Timeout: 5 * time.Second}}
}

// charge charges for an order and returns the id of the charge. An error that
// is neither errDeclined nor errUnreachable leaves it open whether the charge
// was made.
func (p *payments) charge(ctx context.Context, o order) (string, error) {
	body, err := json.Marshal(map[string]any{"order": o.ID, "amount_cents": o.AmountCents, "currency": o.Currency})
	if err != nil {
		return "", fmt.Errorf("charge: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/charges", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("charge: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", o.ID)
	response, err := p.client.Do(request)
	if err != nil {
		return "", chargeError(err)
	}
	defer func() { _ = response.Body.Close() }()

	switch response.StatusCode {
	case http.StatusOK, http.StatusCreated:
	case http.StatusPaymentRequired, http.StatusUnprocessableEntity:
		return "", errDeclined
	default:
		// Read to the end, so that the connection can be used again.
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
		return "", fmt.Errorf("charge: payments answered %d", response.StatusCode)
	}
	var charge struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	if err := json.NewDecoder(response.Body).Decode(&charge); err != nil {
		return "", chargeError(err)
	}
	if charge.Status != "succeeded" {
		return "", fmt.Errorf("%w: %s", errDeclined, charge.Status)
	}
	return charge.ID, nil
}

// chargeError says what kind of failure err is.
func chargeError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("%w: %w", errUnreachable, err)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("%w: %w", errTimeout, err)
	}
	return fmt.Errorf("charge: %w", err)
}
