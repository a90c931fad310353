// Package outbound calls the services that this one depends on, so that none of them can make it wait for ever.
//
// A [Client] belongs to one dependency and is made once, in setup:
//
//	payments := outbound.New(svc, outbound.Config{Name: "payments", URL: cfg.Payments, Bearer: cfg.Key})
//	err := payments.PostJSON(ctx, "/charges", charge, &receipt, outbound.IdempotencyKey(order.ID))
//
// [Transport] gives the same to any [net/http.Client].
//
// # What every call gets
//
//   - It ends, with its body read, within what is left of the context's deadline less a reserve for this hop (1 ms or
//     2 %), or within 2 s when there is no deadline; a Timeout of the dependency's own may shorten both. When nothing
//     is left it is not begun.
//   - It carries Plimsoll-Budget and traceparent, made from the context. Other headers stay as the caller set them.
//   - When the caller's context ends, the call does, and the dependency sees it: the connection is closed or, in
//     HTTP/2, the stream reset.
//   - Its answer is limited to 8 MiB, counted after decompression, and its headers to 256 KiB.
//   - Its connections are its own and bounded in number. An HTTP/2 connection that has gone silent is found by pings.
//   - A failure is a [problem.Error]: a timeout is Deadline (504), anything else that the dependency did is Upstream
//     (502). The text that a caller sees names no host; the cause has it, and goes to the log. Credentials are in
//     neither.
//
// # What is never sent twice
//
// This package repeats nothing. The [net/http.Transport] below it does, in cases that are safe, and is left to it:
//
//   - On a kept-alive HTTP/1.1 connection that turns out to be dead before a byte of the request was written, any
//     request is sent on another one.
//   - On one that dies after that and before the first byte of an answer, a request is sent again only if it is a GET,
//     HEAD, OPTIONS or TRACE, or has an Idempotency-Key (or X-Idempotency-Key) header and a body that can be read
//     again. Who sets that header asks for this: do not set it unless the dependency honours it. A fresh connection is
//     never retried on, so that an outage is amplified at most by the connections that were idle when it began.
//   - In HTTP/2 a request is sent again when the server says that it was not processed: its stream is above the last
//     one of a GOAWAY, was refused, or was reset with PROTOCOL_ERROR.
//
// A POST without a key on a kept-alive connection that the dependency closes at that moment fails, therefore, and
// nobody can know whether it took effect. A key is the cure.
//
// Redirects are not followed: between services they are a mistake, and a bearer token must not travel along.
package outbound
