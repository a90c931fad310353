// Package pool keeps the connections of a database for database/sql, so that
// nothing waits inside of it: one permit is one connection, and who finds none
// waits in an admission controller's queue, with the class and the deadline of
// the request, or is refused.
//
// database/sql is set to keep no connection and to limit nothing: each time that
// it wants one it calls Connect, with the context of whoever asked, and when it
// is done it closes what it got, which gives the connection back.
package pool
