// Package servicetest tests whole services from outside: a service in the test's
// process or in one of its own, real connections on loopback, and what comes
// back. It holds only tests.
package servicetest
