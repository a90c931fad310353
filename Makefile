# Every target is one line of work; what is more than that lives in the code.
GO      ?= go
MODULES := . store telemetry/otlp tools example bench
# Packages whose tests measure time on real processes: others beside them would be measured too.
MEASURED := tools/prove/load$$|tools/prove/provetest|tools/cmd/
WORK    := ./... ./store/... ./telemetry/otlp/... ./tools/... ./example/...

.DEFAULT_GOAL := help
.PHONY: help build demo test postgres race lint tidy fuzz arena arena-real bench-outbound bench-deadline bench-ledger bench-limits bench-chain bench-time bench-db drain-soak clean prove-saboteurs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the plimsoll command and the example services into bin/
	@mkdir -p bin && $(GO) build -trimpath -o bin/ ./tools/cmd/plimsoll ./example/orders ./example/naive

demo: build ## prove a service on bare net/http and one on Plimsoll, side by side (about 4 minutes)
	@bin/plimsoll demo --out bin

test: postgres ## every test of every module; those that measure time run by themselves, after the others
	@$(GO) vet $(WORK) && $(GO) test -timeout 9m $$($(GO) list $(WORK) | grep -v -E '$(MEASURED)') && $(GO) test -p 1 -timeout 9m $$($(GO) list $(WORK) | grep -E '$(MEASURED)')

postgres:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { echo "NO POSTGRESQL HERE: the store is tested on SQLite only. apt-get install postgresql gives the server's binaries; nothing is started but by the tests."; }

race: ## the concurrent parts under the race detector
	@$(GO) test -race -timeout 20m . ./budget/... ./admission/... ./telemetry/... ./health/... ./outbound/... ./internal/... ./tools/prove/load/... ./tools/prove/fault/...

lint: bin/golangci-lint ## golangci-lint with the linters of .golangci.yml, in every module
	@for m in $(MODULES); do echo "lint $$m"; (cd $$m && GOWORK=$$([ $$m = bench ] && echo off) "$(CURDIR)/bin/golangci-lint" run --config "$(CURDIR)/.golangci.yml" ./...) || exit 1; done

bin/golangci-lint:
	@mkdir -p bin && echo "building golangci-lint (a few minutes, once)" && GOBIN="$(CURDIR)/bin" GOWORK=off GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

tidy: ## check that each module builds alone and that its go.mod is tidy
	@for m in $(MODULES); do echo "tidy $$m"; (cd $$m && GOWORK=off $(GO) build ./... && GOWORK=off $(GO) mod tidy -diff) || exit 1; done

fuzz: ## every fuzz test for FUZZTIME (default 10s) each
	@for d in $$(grep -rl --include=*_test.go '^func Fuzz' . | xargs -n1 dirname | sort -u); do for f in $$(grep -ho '^func Fuzz[A-Za-z0-9]*' $$d/*_test.go | cut -c6-); do echo "fuzz $$d $$f"; (cd $$d && $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(or $(FUZZTIME),10s) .) || exit 1; done; done

prove-saboteurs: ## the prover against the service that keeps every promise and each that breaks one, COUNT times (default 10, two minutes each)
	@$(GO) test -count=$(or $(COUNT),10) -timeout 90m -run 'TestKeeper|TestSaboteurs|TestBesideHogs' ./tools/prove/provetest

bench-outbound: ## what a call through package outbound costs beside a bare http.Transport and other libraries (a minute)
	@cd bench && GOWORK=off $(GO) run ./outbound -results RESULTS.md

bench-deadline: ## what the enforced deadline costs and how exact it is, beside http.TimeoutHandler and beside nothing
	@cd bench && GOWORK=off $(GO) run ./deadline

bench-ledger: ## what the ledger of a request costs, in units of one time.Now
	@cd bench && GOWORK=off $(GO) run ./ledger -out RESULTS.md

bench-chain: ## what the request chain and a refusal cost beside net/http alone and a careful team's stack (a minute)
	@cd bench && GOWORK=off $(GO) run ./chain

bench-time: ## chains of services before a dependency that fails, in virtual time, beside the clients of others (HOPS='-seeds 2 -dry' for less)
	@cd bench && GOWORK=off $(GO) run ./hops $(HOPS)

bench-db: ## PostgreSQL hangs under traffic, and what deadlines cost a statement, beside database/sql and pgx (a minute)
	@cd bench && RESULTS="$(CURDIR)/bench/RESULTS.md" GOWORK=off $(GO) test -count=1 -v -run '^TestHang$$' ./database

bench-limits: ## what a permit costs beside the limiters of others, and a refusal beside a bare handler (a minute)
	@cd bench && GOWORK=off $(GO) run ./limits -results RESULTS.md

drain-soak: ## SIGTERM in the middle of 5 s of traffic, 20 times: what was lost of what was sent, run by run (2 minutes)
	@DRAIN_RUNS=$(or $(DRAIN_RUNS),20) DRAIN_TRAFFIC=$(or $(DRAIN_TRAFFIC),5s) $(GO) test -count=1 -timeout 30m -v -run '^TestDrainUnderTraffic$$' ./internal/servicetest

arena: ## admission controllers under the same load in virtual time: named, drawn, without each part; writes bench/RESULTS.md (an hour; ARENA='-seeds 3' for less, COUNT=20 drawn)
	@cd bench && rm -f ../bin/arena.jsonl && mkdir -p ../bin && GOWORK=off $(GO) build -tags ablation -o ../bin/arena ./arena && \
	../bin/arena -seed 5001 $(ARENA) -record ../bin/arena.jsonl && \
	../bin/arena -random $(or $(COUNT),200) -seed $(or $(SEED),90001) -record ../bin/arena.jsonl && \
	../bin/arena -seed 5001 -seeds 3 -parts -record ../bin/arena.jsonl && \
	../bin/arena -report ../bin/arena.jsonl

arena-real: ## the same limiters as real processes on loopback, turn by turn; writes bench/RESULTS.md (half an hour of a quiet machine; ARENA_REAL='-rounds 1 -only io' for less)
	@cd bench && GOWORK=off $(GO) run ./arena/loopback -results RESULTS.md $(ARENA_REAL)

clean: ## remove what the other targets made
	@rm -rf bin
