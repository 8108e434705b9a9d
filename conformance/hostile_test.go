package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/internal/hostile"
)

// bound is how many bytes may be allocated for each of a file: a number is two bytes in a file and an any in memory.
const bound = 192

// takeApart reports a case whose arrays are not what they claim to be.
func takeApart(t *testing.T, c *Case) {
	t.Helper()
	for i := range 2 * len(c.Params) {
		p := c.parameter(i)
		if size := product(p.shape); size != len(p.values) {
			t.Errorf("parameter %d has the shape %v and %d values", i, p.shape, len(p.values))
		}
	}
	for name, a := range c.Inputs {
		if size := product(a.shape); size != len(a.values) {
			t.Errorf("inputs.%s has the shape %v and %d values", name, a.shape, len(a.values))
		}
	}
	for field := range c.Expect {
		if _, err := c.expected(field); err != nil && !strings.HasPrefix(err.Error(), "expect."+field) {
			t.Errorf("error %q does not name the field", err)
		}
	}
}

func TestHostileCases(t *testing.T) {
	valid := [][]byte{[]byte(tiny)}
	g := newGenerator(shape{2, 2, []int{1}, "tanh"})
	valid = append(valid, g.langevinCase(2, 1), g.mleCase(0), g.dsmCase(0.5, "none"), g.fisherCase(1), g.nceCase(2, 0.5), g.ksdCase("imq", "u", 1, -0.5))
	hostile.Check(t, "fuzz.json: ", bound, func(content []byte) error {
		c, err := Parse("fuzz.json", content)
		if err == nil {
			takeApart(t, c)
		}
		return err
	}, valid...)
}

// What repeats takes memory in proportion.
func TestRepetitions(t *testing.T) {
	for _, c := range []struct{ old, start, repeated, end string }{
		{`[[1, 1]]`, "", "[", ""}, {`[[1, 1]]`, "[[1", ",1", "]]"}, {`[[1, 1]]`, "[[1,1]", ",[1,1]", "]"}, {`[[1, 1]]`, "1", "0", ""}, {`[[1, 1]]`, `"`, `\u001b`, `"`},
		{`"hidden": []`, `"hidden": [1`, ",1", "]"}, {`"tiny"`, `"`, "x", `"`}, {`"silu"`, `"`, "x", `"`}, {`"energy",`, `"`, "x", `",`}, {`"settings"`, `"`, "x", `"`},
		{`[6]`, "[6", ",6", "]"}, {`[{"w": [[1], [2]], "b": [3]}]`, "[{}", ",{}", "]"}, {`"input": 2`, `"input": 2`, "0", ""},
	} {
		content := []byte(edit(t, tiny, c.old, c.start+strings.Repeat(c.repeated, 100_000/len(c.repeated))+c.end))
		hostile.Bounded(t, content, bound, func() {
			if _, err := Parse("fuzz.json", content); err != nil {
				hostile.CheckError(t, content, "fuzz.json: ", err)
			}
		})
	}
}

func TestReadRefusesWhatIsNoFile(t *testing.T) {
	if _, err := Read(t.TempDir()); err == nil || !strings.HasSuffix(err.Error(), ": is a directory") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip(err)
	}
	link := filepath.Join(t.TempDir(), "case.json")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Skip(err)
	}
	if _, err := Read(link); err == nil || err.Error() != link+": is not a regular file" {
		t.Errorf("error %v", err)
	}
}
