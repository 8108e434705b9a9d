package conformance

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"joule/internal/backendtest"
	"joule/internal/hostile"
)

// tiny is a case with one layer and one point, for its mistakes to be made in.
const tiny = `{
	"name": "tiny", "method": "energy",
	"model": {"kind": "mlp", "hidden": [], "activation": "silu", "input": 2},
	"params": [{"w": [[1], [2]], "b": [3]}],
	"inputs": {"x": [[1, 1]]},
	"settings": {},
	"expect": {"energy": [6], "score": [[-1, -2]]}
}`

func TestParse(t *testing.T) {
	c, err := Parse("tiny.json", []byte(tiny))
	if err != nil {
		t.Fatal(err)
	}
	results, err := c.Run(backendtest.Open(t, "go"), Precisions[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 2 || results[0] != (Result{"tiny", "energy", "float64", 0, 1e-9, true}) || results[1] != (Result{"tiny", "score", "float64", 0, 1e-9, true}) {
		t.Errorf("results %+v", results)
	}
}

// edit is a case with one piece of text replaced.
func edit(t *testing.T, text, old, new string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q is %d times in the case", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ old, new, want string }{
		{tiny, "", "c.json: it is empty"},
		{tiny, tiny + "{}", "c.json: there is more after the end of the JSON value"},
		{`"settings"`, `"setings"`, `c.json: unknown key "setings"`},
		{`"kind": "mlp"`, `"kind": "mlp", "bias": true`, `c.json: unknown key "bias"`},
		{`"hidden": []`, `"hidden": 4`, "c.json: model.hidden: found number; want a list"},
		{`"input": 2`, `"input": 2.5`, "c.json: model.input: found number 2.5; want a whole number"},
		{`"name": "tiny"`, `"name": []`, "c.json: name: found list; want a string"},
		{`"name": "tiny"`, `"name": ""`, `c.json: case "": it has no name`},
		{`"energy",`, `"gibbs",`, `c.json: case "tiny": method "gibbs" is not known; known: ` + strings.Join(knownMethods(), ", ")},
		{`"mlp"`, `"cnn"`, `c.json: case "tiny": model.kind "cnn" is not known; known: mlp`},
		{`"silu"`, `"relu"`, `c.json: case "tiny": model: activation "relu" is unknown; use silu, softplus, tanh or gelu`},
		{`"hidden": []`, `"hidden": [4]`, `c.json: case "tiny": params has 1 layers, and a model with 1 hidden layers has 2`},
		{`[[1], [2]]`, `[[1, 2]]`, `c.json: case "tiny": params: layers.0.weight has the shape [1 2], and the model needs [2 1]`},
		{`"b": [3]`, `"b": 3`, `c.json: case "tiny": params: layers.0.bias has the shape [], and the model needs [1]`},
		{`, "b": [3]`, ``, `c.json: case "tiny": params: layers.0.bias has the shape [], and the model needs [1]`},
		{`[[1, 1]]`, `[[1, 1, 1]]`, `c.json: case "tiny": inputs.x has the shape [1 3], and should be [points, 2]`},
		{`[[1, 1]]`, `[1, 1]`, `c.json: case "tiny": inputs.x has the shape [2], and should be [points, 2]`},
		{`"x": [[1, 1]]`, `"y": [[1, 1]]`, `c.json: case "tiny": inputs.x has the shape [], and should be [points, 2]`},
		{`[[1, 1]]`, `[[1, 1], [2]]`, `c.json: a list has 1 entries where others have 2`},
		{`[[1, 1]]`, `[[1, 1], 2]`, `c.json: a number stands where a list of 2 should`},
		{`[[1, 1]]`, `[1, [1]]`, `c.json: a list stands where a number should`},
		{`[[1, 1]]`, `[]`, `c.json: a list is empty`},
		{`[[1, 1]]`, `[[], []]`, `c.json: a list is empty`},
		{`[[1, 1]]`, `[[1, "one"]]`, `c.json: "one" is not a number`},
		{`[[1, 1]]`, `[[1, null]]`, `c.json: null is not a number`},
		{`[[1, 1]]`, `[[1, 1e999]]`, `c.json: 1e999 is too large for a number`},
		{`{"energy": [6], "score": [[-1, -2]]}`, `{}`, `c.json: case "tiny": expect is empty: nothing would be checked`},
	}
	for _, test := range tests {
		if _, err := Parse("c.json", []byte(edit(t, tiny, test.old, test.new))); err == nil || err.Error() != test.want {
			t.Errorf("%s\nerror %v\nwant  %v", test.new, err, test.want)
		}
	}
	if _, err := Read("no-such-file.json"); !os.IsNotExist(err) {
		t.Errorf("error %v for a file that is not there", err)
	}
}

// What only shows when a case is computed comes as one clear line too.
func TestRunErrors(t *testing.T) {
	texts := map[string]string{"tiny": tiny}
	g := newGenerator(shape{2, 2, []int{1}, "tanh"})
	for name, text := range map[string][]byte{
		"langevin": g.langevinCase(2, 1), "mle": g.mleCase(0), "dsm": g.dsmCase(0.5, "none"), "fisher": g.fisherCase(1), "nce": g.nceCase(2, 0.5),
		"fdsm": g.fdsmCase(0.5), "ksd": g.ksdCase("imq", "v", 1, -0.5),
	} {
		texts[name] = string(text)
	}
	text, err := embedded.ReadFile("cases/hmc.json")
	if err != nil {
		t.Fatal(err)
	}
	texts["hmc"] = string(text)
	tests := []struct{ name, old, new, want string }{
		{"tiny", `"settings": {}`, `"settings": {"steps": 3}`, `settings: unknown key "steps"`},
		{"tiny", `"settings": {}`, `"settings": 3`, `settings: found number; want an object`},
		{"tiny", `"score"`, `"slope"`, `expect.slope is not what method energy computes; it computes [energy score]`},
		{"tiny", `[6]`, `[6, 6]`, `expect.energy has 2 values, and 1 were computed`},
		{"tiny", `[6]`, `{"a": 6}`, `expect.energy: "map[a:6]" is not a number`},
		{"langevin", `"noise"`, `"nose"`, `inputs.noise is missing, and method langevin needs it`},
		{"langevin", `"steps":2`, `"steps":3`, `inputs.noise has the shape [2 2 2], and should have [3 2 2]`},
		{"langevin", `"steps":2`, `"steps":0`, `settings: step_size 0.03 and steps 0; want both positive`},
		{"langevin", `"steps":2`, `"steps":20000`, `settings.steps is 20000; at most 10000 are computed`},
		{"mle", `"energy_l2":0`, `"energy_l2":-1`, `settings.energy_l2 is -1; want no negative number`},
		{"ksd", `"exponent":-0.5,`, ``, `settings.exponent is 0; kernel imq needs one between -1 and 0`},
		{"hmc", `"leapfrog": 4`, `"leapfrog": 3000`, `settings.leapfrog is 3000; want 1 to 1000`},
		{"hmc", "0.7670330014000302,", "1,", `inputs.uniform holds 1; want numbers in [0, 1)`},
		{"mle", `"negatives":[`, `"negatives":[[0,0],`, `inputs.negatives has the shape [3 2], and should have [2 2]`},
		{"mle", `"energy_l2":0`, `"optimizer":{"kind":"sgd","steps":3}`, `settings.optimizer: kind "sgd" with 3 steps; want adam and at least one`},
		{"mle", `"energy_l2":0`, `"optimizer":{"kind":"adam"}`, `settings.optimizer: kind "adam" with 0 steps; want adam and at least one`},
		{"mle", `"energy_l2":0`, `"optimizer":{"kind":"adam","steps":1000000000}`, `settings.optimizer: 1000000000 steps; at most 100 are computed`},
		{"mle", `"energy_l2":0`, `"optimizer":{"kind":"adam","momentum":1}`, `settings: unknown key "momentum"`},
		{"dsm", `"weighting":"none"`, `"weighting":"sigma"`, `settings.weighting "sigma" is not known; known: none, variance`},
		{"dsm", `"sigma":0.5`, `"sigma":-0.5`, `settings.sigma is -0.5; want a positive number`},
		{"fisher", `"weights":[1]`, `"weights":[0.5]`, `settings.target: weights: they sum to 0.5, want 1`},
		{"fdsm", `"epsilon":0.5`, `"epsilon":0`, `settings.epsilon is 0; want a positive number`},
		{"ksd", `"bandwidth":1`, `"bandwidth":0`, `settings.bandwidth is 0; want a positive number`},
		{"ksd", `"kernel":"imq"`, `"kernel":"linear"`, `settings.kernel "linear" is not known; known: imq, rbf`},
		{"ksd", `"statistic":"v"`, `"statistic":"w"`, `settings.statistic "w" is not known; known: u, v`},
		{"nce", `"noise_ratio":2`, `"noise_ratio":1`, `inputs.noise has the shape [4 2], and should have [2 2]`},
		{"nce", `"noise_ratio":2`, `"noise_ratio":0`, `settings.noise_ratio is 0; want a positive number`},
		{"nce", `"gaussian"`, `"uniform"`, `settings.noise_distribution.kind "uniform" is not known; known: gaussian`},
		{"nce", `"std":[1,1.25]`, `"std":[1]`, `settings.noise_distribution has 2 means and 1 standard deviations; want 2 of each`},
		{"nce", `"std":[1,1.25]`, `"std":[1,0]`, `settings.noise_distribution.std holds 0; want positive numbers`},
	}
	backend := backendtest.Open(t, "go")
	for _, test := range tests {
		c, err := Parse("c.json", []byte(edit(t, texts[test.name], test.old, test.new)))
		if err != nil {
			t.Fatalf("%s: %v", test.new, err)
		}
		if _, err := c.Run(backend, Precisions[0]); err == nil || !strings.HasPrefix(err.Error(), `c.json: case "`) || !strings.HasSuffix(err.Error(), ": "+test.want) {
			t.Errorf("%s\nerror %v\nwant  %v", test.new, err, test.want)
		} else if _, isOfCase := errors.AsType[Problem](err); !isOfCase {
			t.Errorf("%v is not a problem of the case", err)
		}
	}
}

// The program carries a case for every method that it knows, and each knows its file.
func TestEmbeddedIsComplete(t *testing.T) {
	cases, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	missing := maps.Clone(calculations)
	optimizer := false
	for _, c := range cases {
		delete(missing, c.Method)
		optimizer = optimizer || strings.Contains(string(c.Settings), `"adam"`)
		if _, err := embedded.Open(c.file); err != nil {
			t.Errorf("case %s: %v", c.Name, err)
		}
	}
	if len(missing) > 0 || !optimizer {
		t.Errorf("no case for %v, or none with the optimizer (%v)", slices.Sorted(maps.Keys(missing)), optimizer)
	}
}

// Whatever the text, Parse answers with a case or with an error that names the file, and a case that it accepts can be
// taken apart.
func FuzzParse(f *testing.F) {
	f.Add([]byte(tiny))
	f.Add([]byte(`{"name": "x", "expect": {"grads": [{"w": [[1]], "b": [1]}], "loss": 1}}`))
	f.Add([]byte(`[[[]]]`))
	// Small seeds: the fuzzer spends its time minimising large ones.
	f.Add([]byte(strings.Replace(tiny, `"energy": [6], "score"`, `"loss": 1, "params": [{"w": [[1], [2]], "b": [3]}], "grads"`, 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		var c *Case
		var err error
		hostile.Bounded(t, text, bound, func() { c, err = Parse("fuzz.json", text) })
		if err != nil {
			hostile.CheckError(t, text, "fuzz.json: ", err)
		} else {
			takeApart(t, c)
		}
	})
}

func product(shape []int) int {
	size := 1
	for _, n := range shape {
		size *= n
	}
	return size
}
