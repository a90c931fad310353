module github.com/plimsoll-go/plimsoll/tools

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0
	github.com/goccy/go-yaml v1.19.2
	github.com/plimsoll-go/plimsoll v0.0.0
	github.com/prometheus/procfs v0.23.0
	github.com/rogpeppe/go-internal v1.16.0
	golang.org/x/sys v0.49.0
	golang.org/x/term v0.46.0
)

require golang.org/x/tools v0.26.0 // indirect

replace github.com/plimsoll-go/plimsoll => ../
