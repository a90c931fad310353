package admission_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/plimsoll-go/plimsoll/admission"
)

// A limit before an existing handler: what finds no permit and no place in the
// queue is refused at once.
func ExampleMiddleware() {
	c, err := admission.New(admission.Config{Mode: "fixed:1", Queue: admission.NoQueue})
	if err != nil {
		fmt.Println(err)
		return
	}
	inside, leave := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(inside)
		<-leave
		_, _ = io.WriteString(w, "served")
	})
	server := httptest.NewServer(admission.Middleware(c, admission.Options{})(slow))
	defer server.Close()

	first := make(chan string)
	go func() {
		res, err := http.Get(server.URL)
		if err != nil {
			first <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		first <- string(body)
	}()
	<-inside

	res, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = res.Body.Close()
	fmt.Println("second:", res.StatusCode, "executed:", res.Header.Get("Plimsoll-Executed"))

	close(leave)
	fmt.Println("first:", <-first)
	// Output:
	// second: 503 executed: no
	// first: served
}
