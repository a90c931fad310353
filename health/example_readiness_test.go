package health_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"syscall"

	"github.com/plimsoll-go/plimsoll/health"
	"github.com/plimsoll-go/plimsoll/life"
)

// A component that is down takes the service out of rotation, unless it is optional.
func ExampleHealth_Ready() {
	h := health.New(health.Config{})
	defer h.Stop(context.Background())
	h.Add(life.Component{Name: "database", Ready: func(context.Context) error { return nil }})
	h.Add(life.Component{Name: "recommendations", Optional: true, Ready: func(context.Context) error { return syscall.ECONNREFUSED }})

	probe := func() {
		w := httptest.NewRecorder()
		h.Ready().ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		fmt.Println(w.Code, w.Body.String()[:32])
	}
	probe()
	h.SetStarted()
	probe()
	h.SetDraining()
	probe()
	// Output:
	// 503 {"status":"fail","output":"start
	// 200 {"status":"warn","output":"down:
	// 503 {"status":"fail","output":"drain
}
