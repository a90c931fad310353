// Package budget treats time as a budget: every request has a deadline, it travels with every call, and the answer is
// with the caller when it is over, whatever the handler does.
//
// Start reads what the caller allows and puts the deadline into the context. Enforce runs a handler under it. Forward
// hands on what is left. Middleware is Start and Enforce for any net/http server.
//
// A caller, trusted or not, may only shorten a deadline. How long a route may take, and that it is a stream, is said
// in code.
package budget
