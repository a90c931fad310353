package problem

import (
	"errors"
	"net/http"
)

var errNil = errors.New("problem: written without an error")

// Handler adapts a function that returns its error to net/http. A returned
// error is written as a problem; the function must not have written anything
// when it returns one.
func Handler(serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := serve(w, r); err != nil {
			Write(w, r, err)
		}
	})
}
