package debugdir

// readme says what each file is.
const readme = `What is in this folder, which "joule … --debug" has written. Which files there are depends on the command and the backend.

times.txt        where the time went: data, backend, compilation, steps, logging, checkpoints, figures. Gathering batches, chains and the
                 optimizer are parts of the compiled program, and so of the steps.
graph.txt        the graph of the training program, as GoMLX has it: a node a line, with its shape and the nodes that it takes.
program-NN.mlir  each program as XLA was given it, in StableHLO; of a training the largest is the training program.
xla.log          what go-xla said: how long each compilation took, and the memory that a program needs.
hlo/             what XLA made of the programs, if the plugin heeds XLA_FLAGS. *before_optimizations.txt is HLO as it came in,
                 *after_optimizations.txt as it runs: look for fusions, copies, and loops that were not unrolled;
                 *memory-usage-report.txt and *buffer-assignment.txt say what holds memory.
plan-NN.txt      the loops that the Go backend ran, as it planned them: what is computed once, and in each pass. "by the Go backend"
                 marks operations without a fast kernel.
cpu.pprof        where processors spent their time:     go tool pprof -top cpu.pprof;  go tool pprof -http :8080 cpu.pprof
                 XLA's own threads are not in it: "perf record joule …" sees them.
memory.pprof     what Go has allocated:                 go tool pprof -sample_index=inuse_space -top memory.pprof
trace.out        what goroutines did in the first ten seconds: go tool trace trace.out
`
