// Package spec reads plimsoll.yaml: the few lines that tell the prover how a service is built, started and used.
//
// The whole schema, with every default:
//
//	name: orders                        # required: shown in reports
//	build: go build -o bin/orders .     # run once before the service is started; none: nothing to build
//	run: ./bin/orders                   # required: a command line for sh, or a list of arguments
//	env:                                # besides PATH, HOME and the like; placeholders below
//	  DATABASE_URL: "sqlite:{{tmp}}/orders.db"
//	listen:                             # how the service is told where to listen
//	  env: PORT
//	  value: "{{port}}"
//	admin:                              # a second listener for health and metrics; none: one listener
//	  env: ADMIN_ADDR
//	  value: "127.0.0.1:{{admin_port}}"
//	health:
//	  live: /livez                      # "": the service has none, its checks do not apply
//	  ready: /readyz
//	  port: admin                       # or service; the default is admin when there is one
//	operations:                         # at least one; the more there are, the more is attacked
//	  - name: create
//	    request:
//	      method: POST                  # GET when left out
//	      path: /orders
//	      headers: {Content-Type: application/json}
//	      body: '{"customer":"{{unique}}"}'
//	    kind: write                     # read, write, or idempotent (a write that may be repeated)
//	    deps: [payments]                # the dependencies that it calls
//	  - name: read
//	    request: {path: "/orders/{{setup.id}}"}
//	    setup: create                   # done once before; {{setup.id}} is the field id of its JSON answer
//	deps:                               # what the prover plays
//	  - name: payments
//	    env: PAYMENTS_URL               # told to the service here
//	    value: "{{url}}"                # and like this
//	    kind: http
//	    soft: false                     # true: readiness need not follow it
//	    respond:                        # first match answers; nothing matches: 404
//	      - {method: POST, path: /charges, status: 200, body: '{"id":"ch_{{n}}"}'}
//	budget: {header: X-Time-Left, unit: ms} # how callers say how long they wait, besides Plimsoll-Budget and grpc-timeout
//	config:
//	  required: [PAYMENTS_URL]          # without one of these the service must not start
//	  malformed: {PORT: abc}            # nor with one of these values; PORT and every deps env are tried by default
//	limits: {deadline: 5s, memory: 8MiB} # what it is judged by: the fields of policy.Numbers
//	attack: {connections: 8}             # how it is attacked: the fields of policy.Plan
//
// Placeholders: {{port}}, {{admin_port}} and {{tmp}} (a fresh folder for each process) in run, env, listen and admin;
// {{url}} in a dependency's value; {{unique}} (a fresh word each time) and {{setup.FIELD}} in requests; {{n}} (the call's
// number) and {{key}} (its Idempotency-Key, or its number) in responses.
//
// Unknown keys, wrong types and contradictions are errors, each with its line and what to write instead.
package spec
