package config_test

import (
	"fmt"
	"time"

	"github.com/plimsoll-go/plimsoll/config"
)

type timeouts struct {
	Attempt time.Duration `env:"ATTEMPT_TIMEOUT" default:"300ms"`
	Total   time.Duration `env:"TOTAL_TIMEOUT" default:"1s"`
}

func (t timeouts) Faults() []config.Fault {
	if t.Attempt < t.Total {
		return nil
	}
	return []config.Fault{{
		Variable: "ATTEMPT_TIMEOUT",
		Problem:  fmt.Sprintf("(%v) is not less than TOTAL_TIMEOUT (%v)", t.Attempt, t.Total),
		Hint:     "leave time for a second attempt",
	}}
}

// A struct checks what its values mean together.
func ExampleFault() {
	fmt.Println(config.Load([]string{"ATTEMPT_TIMEOUT=2s"}, &timeouts{}))
	// Output:
	// 1 fault in the configuration
	//   ATTEMPT_TIMEOUT  (2s) is not less than TOTAL_TIMEOUT (1s): leave time for a second attempt
}
