package docs

import "testing"

func TestRead(t *testing.T) {
	p := Read("configs.md")
	for _, c := range []struct{ got, want string }{
		{p.What("`method` of kind `dsm`", "", "sigma"), "σ of the noise, in the units of the data"},
		{p.What("`data` of kind `csv`", "key", "stream"), "read the file while it is trained on, because it does not fit into memory: streams.md"},
		{p.What("`data` of kind `csv`", "", "sigma"), ""},
		{p.Intros["`model` of kind `mlp`"], "A fully connected network with one output."},
		{p.Intros["`optimizer`"], ""},
		{Read("scaling.md").What("Slurm", "key of `slurm`", "qos"), "the options of `sbatch` of these names"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if got := cells(`| a\|b | | c [d](e.md#f) |`); len(got) != 3 || got[0] != "a|b" || got[1] != "" || got[2] != "c d" {
		t.Errorf("%q", got)
	}
}
