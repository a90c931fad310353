package config_test

import (
	"os"
	"time"

	"github.com/plimsoll-go/plimsoll/config"
)

// What a service prints for -help is made from the same struct that it reads.
func ExampleHelp() {
	type Config struct {
		Payments config.URL    `env:"PAYMENTS_URL" help:"charges cards"`
		Patience time.Duration `env:"PATIENCE" default:"2s" max:"1m" help:"how long to wait for it"`
	}
	config.Help(os.Stdout, "orders", &Config{})
	// Output:
	// orders is configured by environment variables. An empty value counts as none.
	//
	// orders
	//   VARIABLE      TYPE      DEFAULT     MEANING
	//   PAYMENTS_URL  url       (required)  charges cards
	//   PATIENCE      duration  2s          how long to wait for it (1m or less)
}
