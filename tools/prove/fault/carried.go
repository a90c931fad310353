package fault

import "strings"

// maxCarried is how much of a header's value a record keeps, in bytes.
const maxCarried = 512

// carried picks the headers that records keep. more are further names, in
// lower case.
func carried(q Request, more []string) Carried {
	var c Carried
	for _, want := range []struct {
		name string
		into *string
	}{
		{"plimsoll-budget", &c.Budget},
		{"plimsoll-class", &c.Class},
		{"plimsoll-attempt", &c.Attempt},
		{"grpc-timeout", &c.GRPCTimeout},
		{"x-request-timeout", &c.RequestTimeout},
		{"traceparent", &c.Traceparent},
		{"tracestate", &c.Tracestate},
		{"baggage", &c.Baggage},
		{"idempotency-key", &c.IdempotencyKey},
	} {
		*want.into = strings.Clone(clip(q.Get(want.name), maxCarried)) // the clone lets go of the rest of the head
	}
	for _, name := range more {
		if value := q.Get(name); value != "" {
			if c.More == nil {
				c.More = make(map[string]string)
			}
			c.More[name] = strings.Clone(clip(value, maxCarried))
		}
	}
	return c
}
