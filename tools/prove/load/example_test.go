package load_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/load"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// server answers every request with ok.
func server() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
}

// Half a second of traffic at 200 requests a second, each with a body of its own.
func ExampleRun() {
	s := server()
	defer s.Close()
	create := wire.NewRequest("POST", "/orders").Header("Host", "orders").Body("application/json", `{"customer":"`+load.Unique+`"}`)
	res, err := load.Run(context.Background(), load.Plan{
		Target:   s.Listener.Addr().String(),
		Mix:      []load.Request{{Name: "create", Build: load.Template(create.Bytes())}},
		Rate:     200,
		Duration: 500 * time.Millisecond,
		Arrival:  load.Uniform,
		Conns:    8,
		Seed:     1,
	})
	if err != nil {
		panic(err)
	}
	c := res.Counts()
	fmt.Println(c.Intended, c.Intended == c.Sent+c.Unsent, c.Of(load.OK), c.Lost())
	fmt.Println(load.ID(1, 0))
	// Output:
	// 100 true 100 0
	// 9927a12900000000
}

// A router that stops sending when it sees readiness fail. What it did not send is withheld, not lost.
func ExamplePlan_gate() {
	s := server()
	defer s.Close()
	ready := 50 // requests until the router takes the service out
	res, err := load.Run(context.Background(), load.Plan{
		Target:   s.Listener.Addr().String(),
		Mix:      []load.Request{{Bytes: wire.NewRequest("GET", "/").Header("Host", "orders").End().Bytes()}},
		Rate:     500,
		Duration: 200 * time.Millisecond,
		Arrival:  load.Uniform,
		Gate:     func() bool { ready--; return ready >= 0 },
	})
	if err != nil {
		panic(err)
	}
	c := res.Counts()
	fmt.Println(c.Of(load.OK), c.Of(load.Withheld), c.Lost())
	// Output: 50 50 0
}

// Two clients that send as fast as they are answered.
func ExampleLoop() {
	s := server()
	defer s.Close()
	res, err := load.Loop(context.Background(), load.ClosedLoop{
		Target:   s.Listener.Addr().String(),
		Mix:      []load.Request{{Bytes: wire.NewRequest("GET", "/").Header("Host", "orders").End().Bytes()}},
		Clients:  2,
		Duration: 100 * time.Millisecond,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(len(res.Rows) > 10, res.Counts().Of(load.OK) == int64(len(res.Rows)))
	// Output: true true
}
