package problem

import "net/http"

// Kind classifies an error by what the caller can do about it. It is the one
// place from which a status is derived.
type Kind uint8

// The kinds. The zero value is Internal: an error nobody classified is ours.
const (
	Internal        Kind = iota // a defect or an unknown failure; the cause is only logged
	Invalid                     // the request is malformed
	Unauthenticated             // who calls is not known
	Denied                      // the caller may not do this
	NotFound                    // no such resource or route
	Method                      // the route exists, the method does not
	NotAcceptable               // no representation the caller accepts
	Timeout                     // the request did not arrive in time
	Conflict                    // the resource's state forbids it
	Gone                        // the resource was here
	Precondition                // If-Match and its kin failed
	TooLarge                    // the body is over its limit
	Unsupported                 // the media type or encoding is not taken
	Unprocessable               // well-formed, but breaks a rule of the domain
	TooMany                     // this caller's quota is used up
	Upstream                    // a dependency answered wrongly or not at all
	Unavailable                 // overloaded, draining, or a dependency is down; certain not to have run
	Deadline                    // the budget passed; the work may have run
	kinds
)

type kindInfo struct {
	name   string
	status int
	title  string
}

var kindTable = [kinds]kindInfo{
	Internal:        {"internal", http.StatusInternalServerError, "Internal error"},
	Invalid:         {"invalid", http.StatusBadRequest, "Invalid request"},
	Unauthenticated: {"unauthenticated", http.StatusUnauthorized, "Authentication needed"},
	Denied:          {"denied", http.StatusForbidden, "Not allowed"},
	NotFound:        {"not-found", http.StatusNotFound, "Not found"},
	Method:          {"method", http.StatusMethodNotAllowed, "Method not allowed"},
	NotAcceptable:   {"not-acceptable", http.StatusNotAcceptable, "No acceptable representation"},
	Timeout:         {"timeout", http.StatusRequestTimeout, "The request did not arrive in time"},
	Conflict:        {"conflict", http.StatusConflict, "Conflict"},
	Gone:            {"gone", http.StatusGone, "Gone"},
	Precondition:    {"precondition", http.StatusPreconditionFailed, "Precondition failed"},
	TooLarge:        {"too-large", http.StatusRequestEntityTooLarge, "Request body too large"},
	Unsupported:     {"unsupported", http.StatusUnsupportedMediaType, "Unsupported media type"},
	Unprocessable:   {"unprocessable", http.StatusUnprocessableEntity, "Unprocessable request"},
	TooMany:         {"too-many", http.StatusTooManyRequests, "Too many requests"},
	Upstream:        {"upstream", http.StatusBadGateway, "A dependency failed"},
	Unavailable:     {"unavailable", http.StatusServiceUnavailable, "Temporarily unavailable"},
	Deadline:        {"deadline", http.StatusGatewayTimeout, "Deadline exceeded"},
}

func (k Kind) info() kindInfo {
	if k < kinds {
		return kindTable[k]
	}
	return kindTable[Internal]
}

// String names the kind.
func (k Kind) String() string { return k.info().name }

// Status is the kind's HTTP status.
func (k Kind) Status() int { return k.info().status }

// Title is the kind's short human text, the same for every occurrence.
func (k Kind) Title() string { return k.info().title }

// OfStatus is the kind that has the status, or the nearest: an unknown 4xx is
// Invalid, anything else unknown is Internal.
func OfStatus(status int) Kind {
	for k := range kinds {
		if kindTable[k].status == status {
			return k
		}
	}
	if status >= 400 && status < 500 {
		return Invalid
	}
	return Internal
}
