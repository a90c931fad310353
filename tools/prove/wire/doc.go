// Package wire speaks HTTP/1.1 byte by byte.
//
// An attack is made of bytes that no well-behaved client would send, at a pace no well-behaved client would keep, and
// its verdict hangs on details that net/http's client hides: whether the peer sent FIN or RST, which byte of the answer
// arrived before the reset, whether the request had been sent at all. So this package normalises nothing, retries nothing
// and follows nothing. A [Conn] reads from the moment it is open, while it sends, because a server that refuses a large
// body answers 413 and then resets the connection, and a client that looks only after sending finds the reset and loses
// the answer. What happened is kept in a [Transcript], in order, with times, as evidence.
package wire
