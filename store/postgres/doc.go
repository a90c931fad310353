// Package postgres opens a PostgreSQL database the way a service under load
// needs it: a pool with a limit that holds even while the server hangs, every
// wait bounded by its context, and a connection of its own for readiness.
//
// Package store is what a service uses; this package can be used without it.
package postgres
