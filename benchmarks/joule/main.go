// Command joule is Joule's side of the comparison: it runs rows on request. Package benchmarks describes the protocol.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"joule/backends"
	"joule/trainers"
)

func main() {
	log.SetFlags(0)
	spec := flag.String("backend", "xla:cpu", "as for joule train")
	size := flag.String("size", "S", "the network of the rows, S, L or C")
	flag.Parse()
	if err := serve(*spec, *size); err != nil {
		log.Fatal(err)
	}
}

func serve(spec, size string) error {
	if networks[size] == nil {
		return fmt.Errorf("-size %q: want S, L or C", size)
	}
	s := &side{spec: spec, network: size, backends: map[trainers.Plan]*backends.Backend{}, rows: map[string]runner{}}
	defer s.close()
	backend, err := s.open(plan(size, methods["dsm"]))
	if err != nil {
		return err
	}
	fmt.Println("ready", versions(backend))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		steps, took, err := s.answer(lines.Text())
		if err != nil {
			fmt.Println("error", strings.Join(strings.Fields(err.Error()), " "))
			continue
		}
		fmt.Println(steps, took.Seconds())
	}
	return lines.Err()
}

// versions names what computes.
func versions(b *backends.Backend) string {
	system := backends.ThisSystem()
	text := fmt.Sprintf("%s, GoMLX %s", system.Go, system.Modules["gomlx"])
	if b.Plugin != "" {
		text += fmt.Sprintf(", go-xla %s, PJRT API %s", system.Modules["go-xla"], b.API)
	}
	return text
}

// answer does what a line asks for: it returns the steps made, and how long they took.
func (s *side) answer(line string) (int, time.Duration, error) {
	var size, method string
	var steps int
	if _, err := fmt.Sscan(line, &size, &method, &steps); err != nil || steps < 0 {
		return 0, 0, fmt.Errorf("%q: want SIZE METHOD STEPS", line)
	}
	start := time.Now()
	row, ok := s.rows[size+" "+method]
	if !ok {
		var err error
		if row, err = s.build(size, method); err != nil {
			return 0, 0, err
		}
		if err := row(1); err != nil {
			return 0, 0, err
		}
		s.rows[size+" "+method] = row
	}
	if steps > 0 {
		start = time.Now()
		if err := row(steps); err != nil {
			return 0, 0, err
		}
	}
	return steps, time.Since(start), nil
}
