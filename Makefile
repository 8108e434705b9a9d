GO ?= go
FUZZTIME ?= 20s
METHODS = mle fisher dsm nce

# Whether the program finds an XLA CPU plugin that opens.
HAS_XLA = bin/joule backend probe xla:cpu | grep -q '"usable":true'

.PHONY: build build-static man completions notices demo test python lint releasers release-snapshot reproducible test-kubernetes fuzz bench-peers bench-conv bench-quick quality anomaly moons mnist bench-serving faults troubleshooting clean

build: ## bin/joule, with XLA; needs a C compiler
	$(GO) build -trimpath -o bin/joule ./cmd/joule

build-static: ## bin/joule-static, with the Go backend alone: one file, no libraries
	CGO_ENABLED=0 $(GO) build -tags noxla -trimpath -o bin/joule-static ./cmd/joule

notices: ## licences and notices of all modules that the program is made of, in bin/licenses
	rm -rf bin/licenses
	install -D -m 644 $$($(GO) env GOROOT)/LICENSE bin/licenses/go/LICENSE
	@$(GO) list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}' ./cmd/joule | sort -u | while read -r path dir; do \
		files=$$(find "$$dir" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' -o -iname 'patents*' \)); \
		test -n "$$files" || { echo "$$path has no licence" >&2; exit 1; }; \
		install -D -m 644 -t "bin/licenses/$$path" $$files || exit 1; \
	done

man: build ## man pages of all commands, in bin/man/man1
	bin/joule man --dir bin/man/man1

completions: build ## what completes commands in bash, zsh, fish and PowerShell, in bin/completions
	mkdir -p bin/completions
	for s in bash zsh fish powershell; do bin/joule completion $$s >bin/completions/joule.$$s || exit 1; done

demo: build ## train, score and draw the four methods on Old Faithful, in demo/
	@$(HAS_XLA) || bin/joule backend install cpu \
		|| echo "demo: no XLA CPU plugin: training on the backend go" >&2
	rm -rf demo
	for m in $(METHODS); do \
		bin/joule train old-faithful/$$m --out demo/$$m && \
		bin/joule eval demo/$$m || exit 1; \
	done
	bin/joule plot $(METHODS:%=demo/%) -o demo/four-methods.png
	bin/joule report $(METHODS:%=demo/%) -o demo/report.html

test: build build-static ## vet, format, the static program, and all tests
	$(GO) vet ./...
	CGO_ENABLED=0 $(GO) vet -tags noxla ./...
	@unformatted=$$(gofmt -l $$($(GO) list -f '{{.Dir}}' ./...)); \
		test -z "$$unformatted" || { echo "gofmt -w $$unformatted" >&2; exit 1; }
	@$(HAS_XLA) || test -n "$$JOULE_REQUIRE_XLA" \
		|| echo 'test: no XLA CPU plugin: testing on the backend go only ("bin/joule backend install cpu" gets one)' >&2
	$(GO) test -timeout 60m ./...

python: ## the Python packages that tests read Joule's files with, in .venv-tests: six gigabytes, most of them PyTorch
	test -x .venv-tests/bin/python || python3 -m venv .venv-tests
	.venv-tests/bin/python -m pip install --quiet --disable-pip-version-check -r tests/python/requirements.txt

# The tools of make lint, and the list of known vulnerabilities: VULNDB=latest takes the newest.
VULNDB ?= v0.0.0-20261105234957-e22db6528018
LINTERS = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 \
	golang.org/x/vuln/cmd/govulncheck@v1.9.0 golang.org/x/vulndb/cmd/indexdb@$(VULNDB)

lint: ## golangci-lint with staticcheck, and govulncheck with the known vulnerabilities as a Go module: five minutes the first time
	for tool in $(LINTERS); do GOBIN="$(CURDIR)/bin/tools" $(GO) install $$tool || exit 1; done
	bin/tools/golangci-lint run ./...
	rm -rf bin/vulndb
	bin/tools/indexdb -vulns "$$($(GO) mod download -json golang.org/x/vulndb@$(VULNDB) | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/data/osv" -out bin/vulndb
	bin/tools/govulncheck -db "file://$(CURDIR)/bin/vulndb" ./...

RELEASERS = github.com/goreleaser/goreleaser/v2@v2.15.1 github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
GORELEASER = PATH="$(CURDIR)/bin/tools:$$PATH" goreleaser

releasers: ## the programs that make releases, in bin/tools
	for tool in $(RELEASERS); do GOBIN="$(CURDIR)/bin/tools" $(GO) install $$tool || exit 1; done

release-snapshot: releasers ## what a release of this commit would be, in dist/: archives, checksums, bills of materials
	$(GORELEASER) release --snapshot --clean --skip=publish

reproducible: releasers ## whether this commit gives the same programs, byte for byte, in another folder and with another cache
	rm -rf bin/reproducible
	for place in a/joule somewhere/else; do \
		git clone -q . bin/reproducible/$$place && cd bin/reproducible/$$place && \
		GOCACHE="$$PWD-cache" $(GORELEASER) build --snapshot --single-target --skip=before && cd "$(CURDIR)" || exit 1; \
	done
	for id in xla static; do sha256sum bin/reproducible/*/*/dist/joule-$${id}_*/joule; done
	diff -r -x '*.json' -x config.yaml bin/reproducible/a/joule/dist bin/reproducible/somewhere/else/dist
	rm -rf bin/reproducible

test-kubernetes: ## jobs for Kubernetes, in a control plane of its own programs: a quarter of an hour, most of it to compile these
	$(GO) -C tests/kubernetes test -vet=all -timeout 40m -parallel 16 ./...

fuzz: ## every fuzz test for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$f"; \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

bench-peers: ## training speed beside PyTorch, JAX and TorchEBM, in docs/performance.md; installs them in .venv
	$(GO) run ./benchmarks $(BENCHFLAGS)

bench-conv: ## the same with a convolutional network, in docs/performance.md too
	$(GO) run ./benchmarks --rows "C mle20,C dsm" --command "make bench-conv" $(BENCHFLAGS)

bench-quick: ## the same with fewer rows and rounds, in five minutes
	$(GO) run ./benchmarks --quick $(BENCHFLAGS)

quality: ## every method on every density of the plane, in docs/methods.md: hours
	$(GO) run ./benchmarks/quality $(QUALITYFLAGS)

anomaly: ## how energies tell outliers, beside scikit-learn's detectors, in docs/anomaly.md; installs them in .venv-sklearn: half an hour
	$(GO) run ./benchmarks/anomaly $(ANOMALYFLAGS)

moons: build ## ebmkit's table of two moons beside Joule, in docs/beside.md; installs ebmkit in .venv-ebmkit: an hour and a half
	@$(HAS_XLA) || echo "moons: no XLA CPU plugin: training on the backend go" >&2
	test -x .venv-ebmkit/bin/python || python3 -m venv .venv-ebmkit
	.venv-ebmkit/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/moons/requirements.txt
	.venv-ebmkit/bin/python benchmarks/moons/moons.py $(MOONSFLAGS)

mnist: build ## five methods on MNIST, with grids of samples, in runs/: half an hour on two cores
	bin/joule data fetch mnist
	for m in mle msdsm ssm nce jem; do \
		bin/joule train mnist/$$m --out runs/mnist-$$m --resume=auto || exit 1; \
	done
	bin/joule eval runs/mnist-jem

bench-serving: ## how many requests joule serve answers, beside FastAPI with PyTorch, in docs/serving.md; installs them in .venv-serving
	$(GO) run ./benchmarks/serving $(SERVINGFLAGS)

faults: ## kills, full disks, damage and signals, in docs/reliability.md: a quarter of an hour
	$(GO) run ./tests/faults $(FAULTSFLAGS)

troubleshooting: build ## the pictures and figures of docs/troubleshooting.md: minutes
	docs/troubleshooting.sh bin/joule

clean: ## what the other targets made
	rm -rf bin demo dist
