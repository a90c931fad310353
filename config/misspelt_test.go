package config_test

import (
	"testing"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

type guarantees struct {
	Deadline string `env:"PLIMSOLL_DEADLINE" default:"5s"`
	DrainLag string `env:"PLIMSOLL_DRAIN_LAG" default:"5s"`
	Trust    string `env:"PLIMSOLL_TRUST" default:"none"`
	Lag      string `env:"LAG" default:""`
}

func TestAMisspeltGuaranteeIsAFault(t *testing.T) {
	for name, meant := range map[string]string{
		"PLIMSOLL_DEADLIN": "PLIMSOLL_DEADLINE", "PLIMSOLL_DEADLNIE": "PLIMSOLL_DEADLINE", "PLIMSOLL_DEDALINEE": "PLIMSOLL_DEADLINE",
		"PLIMSOLL_DRAINLAG": "PLIMSOLL_DRAIN_LAG", "PLIMSOLL_DRAIN_LAGS": "PLIMSOLL_DRAIN_LAG", "PLIMSOLL_TRSUT": "PLIMSOLL_TRUST",
	} {
		all := assert.ErrorAs[*config.Error](t, config.Load([]string{name + "=s3cret"}, new(guarantees)))
		assert.Equal(t, all.Faults, []config.Fault{{Variable: name, Problem: "is not read by this service", Hint: "did you mean " + meant + "?"}})
		assert.Len(t, config.Unknown([]string{name + "=1"}, new(guarantees)), 0)
	}
}

func TestWhatIsNotMisspelt(t *testing.T) {
	environ := []string{
		"PLIMSOLL_DEADLINE=1s", "PLIMSOLL_DEADLIN=", // set, and empty
		"DEADLINE=1", "PLIMSOL_DEADLINE=1", "LAGS=1", // not of the family
		"PLIMSOLL_SERVICE_HOST=10.0.0.1", "PLIMSOLL_SERVICE_PORT=80", "PLIMSOLL_SERVICE_PORT_HTTP=80", // a service object called plimsoll
		"PLIMSOLL_PORT=tcp://10.0.0.1:80", "PLIMSOLL_PORT_80_TCP=tcp://10.0.0.1:80", "PLIMSOLL_PORT_80_TCP_ADDR=10.0.0.1",
		"PLIMSOLL_OTHER=1", "PLIMSOLL_QUOTA=1",
	}
	assert.NoError(t, config.Load(environ, new(guarantees)))
	assert.Equal(t, config.Unknown(environ, new(guarantees)), []string{"PLIMSOLL_OTHER", "PLIMSOLL_QUOTA"})
}

func TestAMissingVariableThatIsSetUnderAnotherName(t *testing.T) {
	var c struct {
		Payments config.URL `env:"PAYMENTS_URL" help:"charges cards"`
		Stock    config.URL `env:"PAYMENT_URI" default:""`
		Sort     string     `env:"SORT"`
	}
	err := config.Load([]string{"PAYMENT_URL=http://x:hunter2@y", "PAYMENT_URI=http://z", "PORT=1"}, &c)
	assert.Contains(t, err.Error(), "PAYMENT_URL is set: if that was meant, rename it (charges cards)")
	assert.NotContains(t, err.Error(), "hunter2")
	assert.NotContains(t, err.Error(), "PORT is set", "two edits change half of a short name")
}
