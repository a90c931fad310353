package fault_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
)

// How do I play a dependency that fails twice and then works, and count what a
// service sends it?
func ExampleOpen() {
	payments, err := fault.Open(fault.Config{
		Capacity: fault.Capacity{Slots: 10, Service: 5 * time.Millisecond},
		Script: fault.Sequence(
			fault.Status(503), fault.Status(503),
			fault.Answer(200, `{"id":"ch_{{n}}","status":"succeeded"}`),
		),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer payments.Close()

	for range 3 { // the service under test, in reality
		res, err := http.Post(payments.URL()+"/charges", "application/json", strings.NewReader(`{"amount_cents":250}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Println(res.StatusCode, string(body))
	}
	for content, calls := range payments.Snapshot(0).ByContent() {
		fmt.Println(content.Method, content.Path, calls, "times, at most", payments.Capacity().Rate(), "a second")
	}
	// Output:
	// 503 {"error":"Service Unavailable"}
	// 503 {"error":"Service Unavailable"}
	// 200 {"id":"ch_3","status":"succeeded"}
	// POST /charges 3 times, at most 2000 a second
}

// How do I make a third of the calls to one path hang, and let them go on later?
func ExamplePercent() {
	var script fault.Script = fault.Routes([]fault.Route{
		{Method: "POST", Path: "/charges", Then: fault.Percent(33, 1, fault.Always(fault.Hang()), nil)},
	}, fault.Always(fault.Status(404)))

	hung := 0
	for n := range 1000 {
		if script(n, fault.Request{Method: "POST", Path: "/charges"}).Act == fault.ActHang {
			hung++
		}
	}
	fmt.Println(hung > 280 && hung < 380)
	// Output: true
}
