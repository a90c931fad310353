package outbound_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/outbound"
)

// chargeOnce is repeated where it is safe: payments knows the order's key, and charges once.
func chargeOnce(ctx context.Context, payments *outbound.Client, order string, cents int64) (receipt, error) {
	var answer receipt
	err := payments.PostJSON(ctx, "/charges", map[string]any{"amount_cents": cents}, &answer, outbound.IdempotencyKey(order))
	return answer, err
}

// A client belongs to one dependency. The service it lives in, nil here, asks for its readiness and observes it.
func ExampleClient_PostJSON() {
	dependency := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `{"id":"ch_1","status":"succeeded"}`)
	}))
	defer dependency.Close()

	where, err := config.ParseURL(dependency.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	payments := outbound.New(nil, outbound.Config{Name: "payments", URL: where, Bearer: config.NewSecret("s3cret")})
	answer, err := chargeOnce(context.Background(), payments, "order-1", 250)
	fmt.Println(answer.Status, err)

	forgotten := outbound.New(nil, outbound.Config{Name: "payments", URL: where})
	err = forgotten.PostJSON(context.Background(), "/charges", nil, nil)
	var failed *outbound.StatusError
	fmt.Println(errors.As(err, &failed), err)
	// Output:
	// succeeded <nil>
	// true call payments: POST: status 401
}
