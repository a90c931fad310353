// Package example holds one API twice: orders is the reference service, on
// Plimsoll; naive is the same, as a good engineer writes it in an afternoon on
// bare net/http. They share no code; one table of requests runs against both.
//
// What differs when things go wrong is what "plimsoll prove" shows.
package example
