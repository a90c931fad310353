package blueprint

// The ids of the catalogue. They are stable: reports, policies and dashboards
// refer to them.
const (
	TimeConnection ID = "time.connection"
	TimeDeadline   ID = "time.deadline"
	TimePropagate  ID = "time.propagate"
	TimeCancel     ID = "time.cancel"
	TimeLedger     ID = "time.ledger"

	LoadGoodput  ID = "load.goodput"
	LoadShed     ID = "load.shed"
	LoadPriority ID = "load.priority"
	LoadFair     ID = "load.fair"
	LoadRecover  ID = "load.recover"
	LoadBounded  ID = "load.bounded"

	DepTimeout  ID = "dep.timeout"
	DepRetry    ID = "dep.retry"
	DepBreaker  ID = "dep.breaker"
	DepBulkhead ID = "dep.bulkhead"
	DepDegrade  ID = "dep.degrade"

	LifeConfig ID = "life.config"
	LifeHealth ID = "life.health"
	LifeDrain  ID = "life.drain"
	LifeCrash  ID = "life.crash"
	LifeStart  ID = "life.start"

	APIValidate ID = "api.validate"
	APIProblem  ID = "api.problem"
	APIDocument ID = "api.document"
	APIRepeat   ID = "api.repeat"
	APIEvolve   ID = "api.evolve"

	ObsLogs    ID = "obs.logs"
	ObsTraces  ID = "obs.traces"
	ObsMetrics ID = "obs.metrics"
	ObsSecrets ID = "obs.secrets"
	ObsTail    ID = "obs.tail"

	SecAuth    ID = "sec.auth"
	SecSurface ID = "sec.surface"
	SecHTTP    ID = "sec.http"
	SecLimits  ID = "sec.limits"

	StateMigrate ID = "state.migrate"
	StateTx      ID = "state.tx"
	StateJobs    ID = "state.jobs"
)

// catalogue is every guarantee, in the order in which it is shown.
var catalogue = [...]Guarantee{
	{ID: TimeConnection, Area: Time, Keeper: "internal/edge",
		Promise: "no client can hold a connection by being slow: request line + headers, body (as a minimum rate after a grace), reading the answer, idling",
		Default: "headers 5 s · body within the deadline (streams: ≥ 240 B/s after 5 s) · write stall 10 s · idle 75 s"},
	{ID: TimeDeadline, Area: Time, Keeper: "budget",
		Promise: "every request has a deadline; the whole answer (504, problem+json) is with the client at the deadline even when the handler ignores its context; no request header can remove or lengthen it; a stream declares itself per route, in code",
		Default: "5 s a route; a caller may only shorten"},
	{ID: TimePropagate, Area: Time, Keeper: "outbound",
		Promise: "what is left of the budget travels with every outbound call, shrinks at every hop, and reaches the database as a statement timeout; nothing starts that cannot finish",
		Default: "reserve max(1 ms, 2 %) + measured network time"},
	{ID: TimeCancel, Area: Time, Keeper: "budget",
		Promise: "when the caller is gone, its work stops, here and downstream",
		Default: "≤ 100 ms a hop"},
	{ID: TimeLedger, Area: Time, Keeper: "budget",
		Promise: "for every request one can say where the time went: queue, each dependency, each attempt, own work",
		Default: "in the access log, the trace and Server-Timing (off for outsiders)"},
	{ID: LoadGoodput, Area: Load, Keeper: "admission",
		Promise: "at 2, 5 and 10 times its capacity a service still does useful work at the rate of its capacity, whatever it waits for (a database, a downstream, the CPU)",
		Default: "≥ 97 % of capacity when I/O-bound, ≥ 95 % of the CPU bound; from cold ≥ 85 % in the first 2 s"},
	{ID: LoadShed, Area: Load, Keeper: "admission",
		Promise: "what can't be done is refused at once, before its body is read: 503 + integer Retry-After, marked as not executed",
		Default: "≤ 1.2 × a bare net/http 503"},
	{ID: LoadPriority, Area: Load, Keeper: "admission",
		Promise: "critical work is served first; the rest is not starved",
		Default: "four classes, 2 % floor"},
	{ID: LoadFair, Area: Load, Keeper: "admission",
		Promise: "one tenant's flood does not take another's share",
		Default: "shuffle-sharded queues"},
	{ID: LoadRecover, Area: Load, Keeper: "admission",
		Promise: "when the overload or the outage ends, so does the trouble",
		Default: "≥ 99 % of offered within 1 s"},
	{ID: LoadBounded, Area: Load, Keeper: "internal/intake",
		Promise: "memory, goroutines, connections, queues and bodies have a limit, whatever is sent: chunked, compressed, multipart, raw",
		Default: "body 1 MiB after decompression · 10,000 connections · heap against GOMEMLIMIT"},
	{ID: DepTimeout, Area: Dependencies, Keeper: "outbound",
		Promise: "no outbound call can wait for ever, nor past the request's own budget",
		Default: "remaining budget; 2 s without one"},
	{ID: DepRetry, Area: Dependencies, Keeper: "outbound",
		Promise: "retries are few, jittered, only where repeating is safe, and drawn from a budget: an outage is not amplified",
		Default: "≤ 1.11 calls a request over one hop, ≤ 1.31 over three"},
	{ID: DepBreaker, Area: Dependencies, Keeper: "outbound",
		Promise: "a dependency that is down is left alone, at low traffic too, and used again soon after its return, without a herd",
		Default: "by time window, never by count alone; the first request ≥ 2 s after its return goes through"},
	{ID: DepBulkhead, Area: Dependencies, Keeper: "outbound",
		Promise: "one slow dependency does not take the service down: what does not need it stays fast",
		Default: "per destination"},
	{ID: DepDegrade, Area: Dependencies, Keeper: "outbound",
		Promise: "a dependency that is declared optional may fail without failing the request",
		Default: "declared at the call"},
	{ID: LifeConfig, Area: Lifecycle, Keeper: "config",
		Promise: "configuration comes from the environment; every missing, malformed or contradictory value is named at start, all at once, and the process exits 78 before it listens",
		Default: "cross-checked: attempt < total ≤ deadline, drain + lag < grace"},
	{ID: LifeHealth, Area: Lifecycle, Keeper: "health",
		Promise: "/livez depends on nothing; /readyz says 503 with the cause while a required dependency is down; both are cheap and answered under overload",
		Default: "admin port"},
	{ID: LifeDrain, Area: Lifecycle, Keeper: "plimsoll",
		Promise: "SIGTERM loses no request: readiness turns 503, the service goes on serving through the load balancer's lag, closes idle keep-alives, finishes what is in flight, then jobs, then telemetry, then the stores; a second signal ends at once; the exit code tells whether anything was lost",
		Default: "lag 5 s · drain 20 s"},
	{ID: LifeCrash, Area: Lifecycle,
		Promise: "kill -9 loses no acknowledged write and repeats none that carried an idempotency key",
		Default: ""},
	{ID: LifeStart, Area: Lifecycle, Keeper: "plimsoll",
		Promise: "cold start is short enough to scale on",
		Default: "≤ 50 ms to the first 200"},
	{ID: APIValidate, Area: Contract,
		Promise: "malformed, oversize, mistyped, too deep, duplicate-key or unknown-field input is a 4xx that names the field (JSON pointer), never a 5xx",
		Default: "strict"},
	{ID: APIProblem, Area: Contract, Keeper: "problem",
		Promise: "every error, the framework's own included, is RFC 9457 problem+json with a trace id (sheds: without), and leaks no stack, SQL or path",
		Default: ""},
	{ID: APIDocument, Area: Contract,
		Promise: "the OpenAPI 3.1 document is made from the code and is true: what it allows works, what it forbids is refused",
		Default: "/openapi.json"},
	{ID: APIRepeat, Area: Contract,
		Promise: "an unsafe request that carries Idempotency-Key takes effect once, also when it is concurrent, retried elsewhere or cut off by a crash; the key lives in the same transaction as the write",
		Default: "24 h"},
	{ID: APIEvolve, Area: Contract,
		Promise: "a breaking change of the contract does not pass CI by accident; what is going away says so (Deprecation, Sunset)",
		Default: ""},
	{ID: ObsLogs, Area: Signals, Keeper: "telemetry",
		Promise: "structured JSON on stdout, one access line a request, each with the trace id; sheds sampled with an exact count",
		Default: "slog"},
	{ID: ObsTraces, Area: Signals, Keeper: "telemetry",
		Promise: "traceparent in is traceparent out, on every hop, jobs and messages included",
		Default: "OpenTelemetry, parent-based"},
	{ID: ObsMetrics, Area: Signals, Keeper: "telemetry",
		Promise: "rate, errors, duration per route, and saturation per resource, on current semantic conventions",
		Default: "Prometheus scrape and OTLP"},
	{ID: ObsSecrets, Area: Signals,
		Promise: "no credential, token or personal field reaches a log, trace, metric or error",
		Default: "typed secrets"},
	{ID: ObsTail, Area: Signals,
		Promise: "when a request overruns, the evidence is already there: a flight recording of the runtime, its ledger and its trace",
		Default: "on deadline overrun, rate-limited"},
	{ID: SecAuth, Area: Access,
		Promise: "a route is closed unless it says otherwise; identity and permission are checked before the body is read",
		Default: "deny"},
	{ID: SecSurface, Area: Access, Keeper: "plimsoll",
		Promise: "nothing but the API is reachable on the public port; profiling and admin need loopback or a token",
		Default: "two listeners"},
	{ID: SecHTTP, Area: Access,
		Promise: "ambiguous framing, header floods, path tricks and CORS mistakes are refused; answers carry safe headers",
		Default: ""},
	{ID: SecLimits, Area: Access,
		Promise: "quotas hold across replicas, and say so (RateLimit, 429)",
		Default: "per tenant"},
	{ID: StateMigrate, Area: State,
		Promise: "schema changes are versioned, locked against a second runner, backward compatible with the version still running, or refused",
		Default: "expand / contract"},
	{ID: StateTx, Area: State,
		Promise: "a write, its event and its job commit together or not at all",
		Default: "outbox"},
	{ID: StateJobs, Area: State,
		Promise: "a job that was accepted runs at least once, retries on a budget, ends in a dead-letter queue that a person can see and replay, survives kill -9, and yields to requests",
		Default: "lease + heartbeat"},
}
