package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"joule/conformance"
)

const casesFolder = "../../conformance/cases"

// caseFile reads an embedded case as JSON that can be changed.
func caseFile(t *testing.T, name string) (c map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, casesFolder, name)), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func putCase(t *testing.T, dir, name string, c map[string]any) string {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return put(t, dir, name, string(text))
}

func TestVerify(t *testing.T) {
	files, err := os.ReadDir(casesFolder)
	if err != nil {
		t.Fatal(err)
	}
	all := succeed(t, "", "verify", "--backend", "go")
	for _, f := range files {
		if name := strings.TrimSuffix(f.Name(), ".json"); !strings.Contains(all, "\n"+name+" ") {
			t.Errorf("case %s is not among the results:\n%s", name, all)
		}
	}
	if strings.Contains(all, "FAIL") {
		t.Errorf("a case fails:\n%s", all)
	}
	if folder := succeed(t, "", "verify", casesFolder, "--backend", "go"); strings.Count(folder, "PASS") != strings.Count(all, "PASS") {
		t.Errorf("the folder of the cases gives other results:\n%s", folder)
	}
	empty := t.TempDir()
	refuse(t, "", exitUsage, empty+": there is no file in this folder whose name ends in .json", "verify", empty)
	var results []conformance.Result
	if err := json.Unmarshal([]byte(succeed(t, casesFolder, "verify", "energy.json", "dsm-none.json", "--backend", "go", "--json")), &results); err != nil {
		t.Fatal(err)
	}
	if len(results) != 8 { // energy and score, loss and grads, in two precisions
		t.Errorf("got %d results: %+v", len(results), results)
	}
}

// A value that is off by more than the tolerance is found.
func TestVerifyFindsAWrongValue(t *testing.T) {
	c := caseFile(t, "dsm-none.json")
	expect := c["expect"].(map[string]any)
	expect["loss"] = expect["loss"].(float64) * 1.001
	path := putCase(t, t.TempDir(), "wrong.json", c)
	o := joule(t, "", "verify", path, "--backend", "go")
	if o.code != exitFailed || strings.Count(o.stdout, "FAIL") != 2 || strings.Count(o.stdout, "PASS") != 2 || !strings.HasSuffix(o.stderr, "joule: 2 of 4 fields are off\n") {
		t.Errorf("got %+v", o)
	}
	o = joule(t, "", "verify", path, "--backend", "go", "--json")
	var results []conformance.Result
	if err := json.Unmarshal([]byte(o.stdout), &results); err != nil || o.code != exitFailed || len(results) != 4 {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	dir := t.TempDir()
	c := caseFile(t, "dsm-none.json")
	c["method"] = "telepathy"
	putCase(t, dir, "unknown.json", c)
	c = caseFile(t, "dsm-none.json")
	delete(c["inputs"].(map[string]any), "noise")
	putCase(t, dir, "missing.json", c)
	put(t, dir, "cut.json", read(t, casesFolder, "energy.json")[:100])
	put(t, dir, "empty.json", "")
	for _, x := range []struct {
		code       int
		file, want string
	}{
		{exitUsage, "none.json", "…"},
		{exitUsage, "unknown.json", `unknown.json: case "dsm-none": method "telepathy" is not known; …`},
		{exitUsage, "cut.json", "cut.json: …"},
		{exitUsage, "empty.json", "empty.json: …"},
		{exitUsage, "missing.json", "missing.json: …"},
	} {
		refuse(t, dir, x.code, x.want, "verify", x.file, "--backend", "go")
	}
	refuse(t, dir, exitBackend, "backend xla:/nonexistent.so: …", "verify", "--backend", "xla:/nonexistent.so")
	refuse(t, dir, exitBackend, `backend xla:cpu: no XLA CPU plugin found: run "joule backend install cpu", …`, "verify", "--backend", "xla:cpu")
	refuse(t, dir, exitUsage, `backend "gpu" is not known: …`, "verify", "--backend", "gpu")
}
