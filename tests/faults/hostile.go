package main

import (
	"os/exec"
	"regexp"
	"strconv"
)

// checked is what a test says of the malformed files that it gave to a reader.
var checked = regexp.MustCompile(`(\d+) malformed files, (\d+) of them accepted`)

// hostile gives malformed files to every reader, by the tests that do so.
func hostile(*lab) []row {
	t := counting("files", "refused by their reader", "taken for what they are")
	out, err := exec.Command("go", "test", "-count=1", "-v", "-run", "Hostile", "./...").CombinedOutput()
	for _, match := range checked.FindAllSubmatch(out, -1) {
		files, _ := strconv.Atoi(string(match[1])) // digits, and few
		accepted, _ := strconv.Atoi(string(match[2]))
		t.begin()
		t.add("files", files)
		t.add("refused by their reader", files-accepted)
		t.add("taken for what they are", accepted)
	}
	if err != nil {
		t.violate("%v: %s", err, tail(string(out), 1000))
	}
	return []row{t.row("malformed files for each reader", "all")}
}
