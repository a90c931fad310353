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
//   - It carries Plimsoll-Budget, Plimsoll-Class, Plimsoll-Attempt and traceparent, made from the context. Other headers
//     stay as the caller set them.
//   - When the caller's context ends, the call does, and the dependency sees it: the connection is closed or, in
//     HTTP/2, the stream reset.
//   - Its answer is limited to 8 MiB, counted after decompression, and its headers to 256 KiB.
//   - Its connections are its own and bounded in number. An HTTP/2 connection that has gone silent is found by pings.
//   - A failure is a [problem.Error]: a timeout is Deadline (504), anything else that the dependency did is Upstream
//     (502). The text that a caller sees names no host; the cause has it, and goes to the log. Credentials are in
//     neither.
//
// # What holds a call back
//
// A dependency that does not answer is left alone by a breaker, one that refuses calls is sent fewer by a throttle, and
// no more than a bulkhead's number of calls to it are under way. A call that is held back fails at once, as
// [ErrRefused]. [Optional] and [Fallback] let the caller go on without it.
//
// # What is sent again
//
// A call may be sent three times ([Config].Attempts), where all of this holds:
//
//   - It certainly took no effect, or it may take it twice: nothing of it was sent, or the dependency says so
//     (Plimsoll-Executed: no; 429; a refused HTTP/2 stream), or its method is idempotent (RFC 9110: GET, HEAD, OPTIONS,
//     TRACE, PUT, DELETE), or it has an Idempotency-Key, which [IdempotencyKey] and [Repeatable] set. Who sets that
//     header asks for this: do not set it unless the dependency honours it.
//   - It failed in a way that another attempt may not: no connection, a connection lost, no answer in time, 500, 502,
//     503, 504, or 429 with a time to come again.
//   - The dependency has not forbidden it (Plimsoll-Pushback: noretry, a negative grpc-retry-pushback-ms), and has not
//     refused this call twice.
//   - Its body can be had again: GetBody, or at most 64 KiB.
//   - The pause and another attempt of median length fit into what is left of the time. The pause is the one that the
//     dependency asks for, or is drawn from 0 to 25 ms, doubled with each attempt.
//   - No caller above has tried twice before (Plimsoll-Attempt).
//   - The retry budget has one left: a tenth of the rate of first attempts, less in an outage, see [Config].Attempts.
//
// Where one of these does not, the last answer or error that the dependency itself gave is returned, at once. What
// [net/http.Transport] sends again on its own account, when a kept-alive connection dies under a request, counts like
// any other attempt. In HTTP/2 it still sends a request again that the server says it has not processed.
//
// A POST without a key on a connection that dies at that moment fails, and nobody can know whether it took effect. A key
// is the cure.
//
// Redirects are not followed: between services they are a mistake, and a bearer token must not travel along.
package outbound
