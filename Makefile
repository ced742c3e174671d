# Everything a developer runs. `make test` needs Go and nothing else.

# The race detector needs a C compiler; where there is none the tests run without it.
RACE := $(shell command -v $${CC:-cc} >/dev/null 2>&1 && echo -race)

.PHONY: build test lint conformance bench schema docs

build:
	go build -o bin/rehearse ./cmd/rehearse

test:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt would change: $$unformatted"; exit 1; }
	go vet ./...
	go test $(RACE) ./...

lint:
	@unformatted=$$(go tool gofumpt -l .); test -z "$$unformatted" || { echo "gofumpt would change: $$unformatted"; exit 1; }
	go tool staticcheck ./...
	go mod tidy -diff

conformance:
	go run ./internal/conformance

bench:
	go test -run '^$$' -bench . -benchmem ./...

# The editor schemas are written from the code; a test notices when they drift.
schema: build
	for name in scenario suite steps; do bin/rehearse schema $$name > schema/$$name.schema.json || exit 1; done

# The pages in docs are written from the code and internal/docs/pages; a test notices when they drift.
docs:
	go test ./internal/docs -run TestPagesAreCheckedIn -update
