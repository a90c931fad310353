package config_test

import (
	"strings"
	"testing"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

type own struct {
	Database config.URL    `env:"DATABASE_URL" default:"postgres://dev:hunter2@localhost/orders" help:"where orders are kept"`
	Payments config.URL    `env:"PAYMENTS_URL" help:"charges cards"`
	Key      config.Secret `env:"PAYMENTS_KEY" default:"hunter2" help:"bearer token for payments"`
	Workers  int           `env:"WORKERS" default:"4" min:"1" max:"64"`
}

type common struct {
	Trust config.Networks `env:"PLIMSOLL_TRUST" default:"127.0.0.0/8,::1/128,10.0.0.0/8,fd00::/8,172.16.0.0/12" help:"who is believed"`
	Names []string        `env:"NAMES" default:""`
}

func (common) Title() string { return "every service" }

func TestHelpIsATable(t *testing.T) {
	var b strings.Builder
	config.Help(&b, "orders", &own{}, &struct{}{}, &common{})
	assert.Equal(t, b.String(), strings.TrimLeft(`
orders is configured by environment variables. An empty value counts as none.

orders
  VARIABLE        TYPE          DEFAULT                               MEANING
  DATABASE_URL    url           postgres://redacted@localhost/orders  where orders are kept
  PAYMENTS_URL    url           (required)                            charges cards
  PAYMENTS_KEY    secret        [redacted]                            bearer token for payments
  WORKERS         whole number  4                                     (1 to 64)

every service
  VARIABLE        TYPE          DEFAULT                               MEANING
  PLIMSOLL_TRUST  networks      127.0.0.0/8,::1/128,10.0.0.0/8,fd00::/8,172.16.0.0/12  who is believed
  NAMES           text,...      -
`, "\n"))
}

func TestDescribe(t *testing.T) {
	list := config.Describe(&own{}, &common{})
	assert.Len(t, list, 6)
	assert.Equal(t, list[0], config.Variable{Name: "DATABASE_URL", Type: "url", Default: "postgres://redacted@localhost/orders", Help: "where orders are kept", Secret: true})
	assert.Equal(t, list[1].Required, true)
	assert.Equal(t, list[3].Bounds, "1 to 64")
	assert.False(t, list[3].Secret)
}
