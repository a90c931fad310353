// Package provetest proves the prover: it runs checks on the fixture, which keeps every promise, and on the same fixture
// with one of them broken.
//
// A test program that uses it hands its main over first, since it is started again as the service and as the guard:
//
//	func TestMain(m *testing.M) { provetest.Main(m.Run) }
package provetest
