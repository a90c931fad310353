// Package storetest has what tests of stored state need: databases that are
// fresh for every test, in SQLite and in a PostgreSQL server of the test's own,
// and the suite that every kind of database passes.
//
//	func TestOrders(t *testing.T) {
//		db := storetest.Open(t, storetest.Postgres(t).URL, store.Migrations(migrations))
//		…
package storetest
