package config_test

import (
	"fmt"

	"github.com/plimsoll-go/plimsoll/config"
)

// Every fault is named at once, and no credential is repeated.
func ExampleLoad() {
	type Config struct {
		Database config.URL    `env:"DATABASE_URL" default:"sqlite:orders.db" help:"where orders are kept"`
		Payments config.URL    `env:"PAYMENTS_URL" help:"charges cards"`
		Key      config.Secret `env:"PAYMENTS_KEY" default:"" help:"bearer token for payments"`
		Workers  int           `env:"WORKERS" default:"4" min:"1" max:"64" help:"jobs at a time"`
	}
	var cfg Config

	err := config.Load([]string{"PAYMENTS_URL=", "PAYMENTS_KEY=s3cret", "WORKERS=many"}, &cfg)
	fmt.Println(err)

	err = config.Load([]string{"PAYMENTS_URL=https://payments.internal", "PAYMENTS_KEY=s3cret"}, &cfg)
	fmt.Println(err, cfg)
	// Output:
	// 2 faults in the configuration
	//   PAYMENTS_URL  is required and empty: set it to a URL such as https://host:8443 (charges cards)
	//   WORKERS       "many" is not a whole number: use digits only, such as 8
	// <nil> {sqlite:orders.db https://payments.internal [redacted] 4}
}
