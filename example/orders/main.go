// Command orders takes orders and charges for them: the reference service.
//
// What it promises under load, in failure and across deploys is the
// framework's; what is written here is the service.
package main

import (
	"context"
	"embed"
	"time"

	"github.com/plimsoll-go/plimsoll"
	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/outbound"
	"github.com/plimsoll-go/plimsoll/problem"
	"github.com/plimsoll-go/plimsoll/route"
	"github.com/plimsoll-go/plimsoll/store"
)

// Config is the service's own environment; orders -help lists all of it.
type Config struct {
	Database config.URL    `env:"DATABASE_URL" default:"sqlite:orders.db" scheme:"sqlite,postgres,postgresql" help:"where orders are kept"`
	Payments config.URL    `env:"PAYMENTS_URL" scheme:"http,https" help:"charges cards"`
	Key      config.Secret `env:"PAYMENTS_KEY" default:"" help:"bearer token for payments"`
}

//go:embed migrations/*.sql
var migrations embed.FS

func main() { plimsoll.Main("orders", setup) }

func setup(ctx context.Context, svc *plimsoll.Service, cfg Config) error {
	db, err := store.Open(ctx, svc, cfg.Database, store.Migrations(migrations))
	if err != nil {
		return err
	}
	payments := outbound.New(svc, outbound.Config{Name: "payments", URL: cfg.Payments, Bearer: cfg.Key, HealthPath: "/healthz", Bulkhead: "adaptive"})

	api := &api{orders: &orders{db}, payments: &charges{payments}}
	svc.Handle("POST /orders", problem.Handler(api.create), route.Class(route.Critical))
	svc.Handle("GET /orders", problem.Handler(api.list), route.Budget(time.Second))
	svc.Handle("GET /orders/{id}", problem.Handler(api.read), route.Budget(500*time.Millisecond))
	svc.Handle("POST /orders/{id}/cancel", problem.Handler(api.cancel), route.Budget(time.Second))
	return nil
}
