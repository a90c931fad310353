module github.com/plimsoll-go/plimsoll/example

go 1.26.0

require (
	github.com/plimsoll-go/plimsoll v0.0.0
	github.com/plimsoll-go/plimsoll/store v0.0.0
)

require github.com/go-chi/chi/v5 v5.5.0 // indirect

replace (
	github.com/plimsoll-go/plimsoll => ../
	github.com/plimsoll-go/plimsoll/store => ../store
)
