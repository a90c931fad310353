// Package sqlite opens an SQLite database the way a service under load needs
// it: one connection that writes, several that read, every wait bounded by its
// context.
//
// SQLite lets one transaction write at a time, whatever a program does. With
// several writing connections the others poll and sleep inside the library,
// unfairly and blind to each other; with one, they wait in a queue in this
// process. Readers never wait for the writer: the journal is a write-ahead log.
//
// Package store is what a service uses; this package can be used without it.
package sqlite
