package spec_test

import (
	"fmt"

	"github.com/plimsoll-go/plimsoll/tools/prove/spec"
)

// What is the least that the prover has to be told?
func Example_describe() {
	s, err := spec.Parse("plimsoll.yaml", []byte(`
name: orders
run: ./orders
operations:
  - {name: list, request: {path: /orders}}
`))
	fmt.Println(s.Name, s.Listen.Env, s.Operations[0].Request.Method, err)

	_, err = spec.Parse("plimsoll.yaml", []byte("name: orders\nrun: ./orders\nopertions: []\n"))
	fmt.Println(err)
	// Output:
	// orders PORT GET <nil>
	// plimsoll.yaml:3: unknown key "opertions"; did you mean operations?
}
