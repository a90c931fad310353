// Package database measures what becomes of requests when PostgreSQL hangs, and
// what it costs that their statements end in time, beside database/sql and pgx as
// they come. It is run by "make bench-db", which writes bench/RESULTS.md; the
// server is a private one, started from the system's binaries.
package database
