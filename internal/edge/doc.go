// Package edge is the public door of a service: how many connections it takes,
// how long one may stall or live, and the certificates it shows.
//
// It stands below TLS and HTTP, where a slow or silent client is still only a
// connection.
package edge
