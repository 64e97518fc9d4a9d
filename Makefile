# What a developer runs and what CI runs are the same: make test.

# Pinned, so that a lint that passes today passes tomorrow. Go runs it without
# installing it.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOCYCLO     := github.com/fzipp/gocyclo/cmd/gocyclo@v0.6.0

# No function outside of tests is more complex than 30 (cyclomatic), and at most this
# many are more complex than 15. A scanner that has to be one long function says so, with
# its reason, by gocyclo:ignore.
COMPLEX := 40

# TIMEOUT is of the tests of one package. It ends what hangs, and not what a busy
# machine is slow at.

# The same build for everybody: no cgo, so that it crosses to every system, and so that
# all targets but race share what is compiled once.
export CGO_ENABLED := 0

# Each system with code of its own. No code depends on the processor.
SYSTEMS  := linux/amd64 darwin/arm64 windows/amd64
FUZZTIME ?= 5s
TIMEOUT  ?= 40m
BENCH    ?= .
KILLS    ?= 500
WAITING  ?= 1000000

.DEFAULT_GOAL := help

OPENAPI_TOOLS ?= /tmp/parlance-openapi-tools

.PHONY: help
help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: test
test: setup format build vet lint race frameworks envoy caddy ## everything, as CI runs it

.PHONY: setup
setup: ## install what a fresh Debian machine lacks
	@.ci/setup

.PHONY: format
format: ## gofmt has nothing to change, and no committed file is longer than 1 MiB
	@large=$$(git ls-files -z | xargs -0 sh -c 'find "$$@" -size +1024k' sh); if [ -n "$$large" ]; then \
		echo "too long to be committed:" $$large; echo "run: git rm --cached FILE"; exit 1; fi
	@changed=$$(gofmt -l .); if [ -n "$$changed" ]; then \
		echo "gofmt would change:" $$changed; echo "run: gofmt -w ."; exit 1; fi

.PHONY: build
build: ## bin/parlance, and that it builds for the other systems, without what tests and measures alone
	go build -o bin/ ./cmd/...
	@for system in $(SYSTEMS); do echo "build $$system"; \
		export GOOS=$${system%/*} GOARCH=$${system#*/}; \
		go build $$(go list ./... | grep -v -e /internal/browser -e /bench -e /examples -e '/lib$$' -e /lib/nginx -e '/lib/node$$') || exit 1; done

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: lint
lint: ## staticcheck, simple functions, and plain English in documents and godoc
	go run $(STATICCHECK) ./...
	go run ./internal/prose .
	go run ./internal/prose -go .
	go run $(GOCYCLO) -over 30 -ignore '_test\.go' .
	@over=$$(go run $(GOCYCLO) -over 15 -ignore '_test\.go' . 2>/dev/null); \
	if [ "$$(echo "$$over" | wc -l)" -gt $(COMPLEX) ]; then \
		echo "$$over"; echo "More than $(COMPLEX) functions are more complex than 15."; exit 1; fi

# The detector makes some tests too slow, or too large to measure: they do less under it.
# Their packages run once more without it. go vet has looked at the tests already.
.PHONY: race
race: ## the tests, import rules among them, with the race detector
	CGO_ENABLED=1 go test -race -vet=off -timeout=$(TIMEOUT) ./...
	go test -vet=off -timeout=$(TIMEOUT) $$(grep -rl --include='*_test.go' '/internal/raced"' . | xargs -n1 dirname | sort -u)

# The examples with web frameworks are a module of their own, so that the library does not
# depend on what they need.
.PHONY: frameworks
frameworks: ## the examples with huma, chi and oapi-codegen
	cd examples/frameworks && go vet ./... && go test -vet=off -timeout=$(TIMEOUT) ./...

# So is the external processor for Envoy.
.PHONY: envoy
envoy: ## the external processor for Envoy, and bin/parlance-extproc
	cd envoy && go vet ./... && go build -o ../bin/ ./cmd/... && go test -vet=off -timeout=$(TIMEOUT) ./...

# The modules for Caddy are a Go module of their own, for the same reason. Caddy is compiled
# without the race detector: that would take as long again as all other tests.
.PHONY: caddy
caddy: ## the modules for Caddy, and bin/parlance-gateway
	cd caddy && go vet ./... && go build -o ../bin/ ./cmd/... && go test -vet=off -timeout=$(TIMEOUT) ./...
	go test -vet=off -timeout=$(TIMEOUT) ./bench/attack -run '.*/.*caddy' -caddy $(CURDIR)/bin/parlance-gateway

.PHONY: caddy-reloads
caddy-reloads: ## a reload of Caddy every 200 ms under load, for a minute; test does it for two seconds
	cd caddy && RELOADS=300 go test -count=1 -vet=off -v -run '^TestAReloadFailsNoRequestThatCaddyHasAccepted$$' .

.PHONY: caddy-kills
caddy-kills: ## two gateways on one PostgreSQL, of which one is killed again and again (KILLS=500); test does it 4 times
	cd caddy && KILLS=$(KILLS) go test -count=1 -timeout=2h -vet=off -v -run '^TestTwoGatewaysThatAreKilledAreOne$$' .

# Debian has prometheus and docker-compose; go install gets the others.
GATEWAY_TOOLS ?= /tmp/parlance-gateway-tools

.PHONY: gateway-tools
gateway-tools: ## the gateway in Caddy with h2spec, Pebble, Prometheus and docker-compose
	GOBIN=$(GATEWAY_TOOLS) go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible
	GOBIN=$(GATEWAY_TOOLS) go install github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.3 github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@v2.10.3
	@command -v prometheus >/dev/null && command -v docker-compose >/dev/null || { echo "run: apt-get install prometheus docker-compose"; exit 1; }
	SITE=a UPSTREAM=b POSTGRES_PASSWORD=c docker-compose --file caddy/deploy/compose.yaml config --quiet
	cd caddy && PATH="$(GATEWAY_TOOLS):$$PATH" go test -count=1 -v -run 'HTTP2IsAsSound|ByACME|EachPanel' .

# The compiler of TypeScript, and the oldest Node that package.json names.
NODE_TOOLS ?= /tmp/parlance-node-tools

.PHONY: lib
lib: setup ## bin/libparlance.so, .a, parlance.h, parlance.pc and bin/node, the library for other languages, and its tests
	@command -v npm >/dev/null || { echo "run: apt-get install npm"; exit 1; }
	@command -v qemu-aarch64 >/dev/null && command -v aarch64-linux-gnu-gcc >/dev/null || { echo "run: apt-get install qemu-user gcc-aarch64-linux-gnu"; exit 1; }
	CGO_ENABLED=1 go build -buildmode=c-shared -o bin/libparlance.so ./lib
	CGO_ENABLED=1 go build -buildmode=c-archive -o bin/libparlance.a ./lib
	rm -f bin/libparlance.h && cp lib/parlance.h lib/parlance.pc bin/
	GOARCH=arm64 CC=aarch64-linux-gnu-gcc CGO_ENABLED=1 go build -buildmode=c-shared -o bin/arm64/libparlance.so ./lib
	@rm -f bin/arm64/libparlance.h
	aarch64-linux-gnu-gcc -I lib -o bin/arm64/fork lib/testdata/fork.c -L bin/arm64 -lparlance '-Wl,-rpath,$$ORIGIN'
	qemu-aarch64 -L /usr/aarch64-linux-gnu bin/arm64/fork | grep -x -- '-4 -4 -4 and 1'
	rm bin/arm64/fork
	node lib/node/build.js bin/node --pack
	PARLANCE_PACKAGE=$(CURDIR)/bin/node node --test lib/node/tests/published.js
	npm install --no-save --no-audit --no-fund --prefix $(NODE_TOOLS) typescript@5.9 node@18
	$(NODE_TOOLS)/node_modules/.bin/tsc --noEmit --strict --target es2022 --module nodenext --lib es2022,dom,dom.iterable lib/node/tests/types.ts
	PATH="$(NODE_TOOLS)/node_modules/.bin:$$PATH" go test -count=1 -timeout=$(TIMEOUT) -run '^TestThePackage.*/in_Node$$' ./lib/node
	CGO_ENABLED=1 go test -count=1 -timeout=$(TIMEOUT) ./lib/...

.PHONY: lib-bench
lib-bench: ## the CPU time of calls of the library, from C, Python and Node
	CGO_ENABLED=1 go build -buildmode=c-shared -o bin/libparlance.so ./lib
	gcc -O2 -I lib -o bin/bench bench/library/bench.c -L bin -lparlance -Wl,-rpath,bin && bin/bench
	PARLANCE_LIBRARY=bin/libparlance.so PYTHONPATH=lib/python python3 -B bench/library/bench.py
	node lib/node/build.js bin/node --pack
	rm -f bin/node/parlance.wasm && node bench/library/bench.js bin/node

.PHONY: fuzz
fuzz: ## search with every fuzz target for a while (FUZZTIME=5s); test runs what was found
	@.ci/fuzz $(FUZZTIME)

.PHONY: readme
readme: ## the commands of the README alone
	go test -count=1 -timeout=$(TIMEOUT) -run '^TestReadme$$' .

.PHONY: bench
bench: ## the benchmarks (BENCH=regexp)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: hop
hop: ## CPU of a request through the gateway, beside other proxies (HOP=flags)
	go run ./bench/hop $(HOP)

.PHONY: nginx-bench
nginx-bench: ## CPU and memory of nginx with the module, beside plain nginx and nginx with Lua (HOP=flags)
	go run ./bench/hop -proxies nginx,nginx-parlance -responses success-1KB $(HOP)
	go run ./bench/hop -proxies nginx-lua,nginx-parlance,nginx -responses error-250B $(HOP)

.PHONY: idle
idle: ## memory of the gateway with 5,000 idle connections, beside httputil.ReverseProxy
	go run ./bench/hop -proxies reverseproxy,parlance,parlance-serve -idle 5000

.PHONY: crash
crash: ## kill a server again and again (KILLS=500); what came of it is in bench/crash.md
	go test -count=1 -timeout=1h -v ./bench/crash -kills=$(KILLS) -report=../crash.md
	go test -count=1 -timeout=1h -v ./bench/crash/deliveries -kills=$(KILLS) -report=../../crash.md

.PHONY: peers
peers: ## the outbox beside River and Asynq, and the spike of River (needs redis-server)
	cd bench/peers && go vet ./... && go test -count=1 -v -run River . && go test -run '^$$' -bench . -benchmem -benchtime 2000x .

.PHONY: million
million: ## a million requests that wait in an outbox (WAITING=1000000)
	go test -run '^$$' -bench '^BenchmarkQueued$$' -benchtime 1x -timeout=1h ./bench -waiting $(WAITING)

.PHONY: attack
attack: ## hostile requests and responses against servers and gateways, Caddy among them, with the memory they cost
	cd caddy && go build -o ../bin/ ./cmd/parlance-gateway
	go test -count=1 -timeout=1h -v ./bench/attack -all -caddy $(CURDIR)/bin/parlance-gateway

.PHONY: openapi-tools
openapi-tools: ## Spectral and Prism on the OpenAPI documents that are exported; npm installs them
	npm install --no-save --no-audit --no-fund --prefix $(OPENAPI_TOOLS) @stoplight/spectral-cli @stoplight/prism-cli
	OPENAPI_TOOLS=$(OPENAPI_TOOLS)/node_modules/.bin go test -count=1 -v -run Spectral ./openapi

.PHONY: stats
stats: ## what the catalog holds, and how many statements of the five pages a test holds
	@go run ./bench/stats
