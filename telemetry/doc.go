// Package telemetry makes a service say what it does: structured logs, traces
// and metrics that carry the same trace id.
//
// A Telemetry works from its first line on, with nothing else running:
//
//   - Logger writes JSON lines. A record logged with a request's context has
//     its trace_id and span_id. A reader of the log that stops reading never
//     stalls a request: lines wait in a bounded buffer, what does not fit is
//     counted, and the count is logged when reading resumes.
//   - Every request has a trace id, from the caller's W3C traceparent or new.
//     OpenTelemetry spans are made only once something exports them, which is
//     when AddSpanProcessor is called.
//   - Metrics follow the OpenTelemetry semantic conventions for HTTP and the
//     Go runtime. Scrape serves them to Prometheus.
//
// Begin and Exchange.End surround one request; Handler does so for any
// net/http server. Shed counts what was refused, StartClient observes a call
// to a dependency, Inject passes the trace on.
//
// What is never recorded: header values (but the trace's and the client's
// address), query strings and bodies. Error texts lose the user info and query
// of every URL in them.
//
// Nothing here is global. Two Telemetry values in one process do not meet.
package telemetry
