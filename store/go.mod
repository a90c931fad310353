module github.com/plimsoll-go/plimsoll/store

go 1.26.0

require github.com/plimsoll-go/plimsoll v0.0.0

replace github.com/plimsoll-go/plimsoll => ../
