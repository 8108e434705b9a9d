package configs

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"joule/datasets"
	"joule/internal/schematest"
	"joule/internal/strictyaml"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

// Every config that comes with the program is valid, as it is written and with all keys filled in; and so is every one in the
// documentation.
func TestSchemaTakesConfigs(t *testing.T) {
	validate := schematest.Validator(t, Schema())
	check := func(name string, text []byte) {
		if err := validate(text); err != nil {
			t.Errorf("%s: %v in\n%s", name, err, text)
		}
	}
	for name, text := range resolved(t) {
		check(name, text)
		source, err := Source(name)
		if err != nil {
			t.Fatal(err)
		}
		check(name, source)
	}
	for _, page := range []string{"../README.md", "../docs/configs.md", "../docs/data.md", "../docs/streams.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1) {
			if !strings.Contains(string(m[1]), "at_once") { // a profile
				check(page, m[1])
			}
		}
	}
}

// resolved are the embedded configs with all their keys.
func resolved(t *testing.T) map[string][]byte {
	texts := map[string][]byte{}
	for _, name := range embedded.Names() {
		c, err := Resolve(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if texts[name], err = c.Encode(); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

// accepts says whether the program takes a config, wherever its data are.
func accepts(text []byte) error {
	base, err := strictyaml.Load(func(from, name string) (string, []byte, error) {
		if from == "" {
			return name, text, nil
		}
		return embedded.Open(builtin, name)
	}, "x.yaml")
	if err != nil {
		return err
	}
	_, err = decode(base, "", nil)
	return err
}

// What is wrong by itself the schema refuses, as the program does; what is wrong only beside something else it cannot know.
func TestSchemaRefuses(t *testing.T) {
	validate := schematest.Validator(t, Schema())
	const whole = "name: x\ndata: {kind: two_gaussians}\nmodel: {kind: mlp}\nmethod: {kind: dsm}\n"
	for name, text := range map[string]string{
		"an unknown key":                        whole + "sede: 1",
		"an unknown key of a section":           whole + "train: {step: 1}",
		"an unknown key of a kind":              whole + "sampler: {kind: hmc, sigma: 1}",
		"a key of another kind than by default": whole + "sampler: {leapfrog: 3}",
		"an unknown kind":                       "extends: seed/dsm\nmethod: {kind: dms}",
		"a kind that is no text":                "extends: seed/dsm\nmethod: {kind: 1}",
		"a key of no kind":                      "extends: seed/dsm\nmethod: {sigmma: 1}",
		"an unknown kind of a section within":   "extends: seed/dsm\nmethod: {kind: nce, noise: {kind: gauss}}",
		"text for a number":                     "extends: seed/dsm\nseed: one",
		"a number in quotes":                    "extends: seed/dsm\nseed: '1'",
		"a fraction for a whole number":         "extends: seed/dsm\nseed: 1.5",
		"a number for text":                     "extends: seed/dsm\nname: 7",
		"a number for true or false":            "extends: seed/dsm\ndata: {standardize: 1}",
		"a number for a list":                   "extends: seed/dsm\nmodel: {kind: mlp, hidden: 64}",
		"a list for a section":                  "extends: seed/dsm\ntrain: [1]",
		"nothing for a number":                  "extends: seed/dsm\nseed:",
		"nothing for a section":                 "extends: seed/dsm\ntrain:",
		"below the range":                       "extends: seed/dsm\nseed: -1",
		"at an open end":                        "extends: seed/dsm\nmethod: {sigma: 0}",
		"above the range":                       "extends: seed/dsm\ntrain: {steps: 3000000000}",
		"an entry out of its range":             "extends: seed/dsm\nmodel: {kind: mlp, hidden: [64, 0]}",
		"a list that is too short":              "extends: seed/dsm\nmodel: {kind: mlp, hidden: []}",
		"a list that is too long":               "extends: seed/dsm\nsampler: {kind: langevin, bounds: [1, 2, 3]}",
		"text that is no option":                "extends: seed/dsm\nmodel: {kind: mlp, activation: relu}",
		"text that is no word":                  "extends: seed/dsm\ntrain: {devices: most}",
		"the number of a word":                  "extends: seed/dsm\ntrain: {devices: -1}",
		"empty text":                            "extends: seed/dsm\nname: ''",
		"an unknown backend":                    "extends: seed/dsm\nbackend: cuda",
		"no name":                               strings.Replace(whole, "name: x\n", "", 1),
		"no data":                               strings.Replace(whole, "data: {kind: two_gaussians}\n", "", 1),
		"no kind":                               strings.Replace(whole, "kind: dsm", "sigma: 1", 1),
		"no path of a file":                     strings.Replace(whole, "kind: two_gaussians", "kind: csv", 1),
		"no key of a section within":            strings.Replace(whole, "kind: two_gaussians", "kind: csv, path: x.csv, stream: {block: 1}", 1),
		"no energy within":                      strings.Replace(whole, "kind: mlp", "kind: radial", 1),
		"no key of a kind within":               strings.Replace(whole, "kind: dsm", "kind: nce, noise: {kind: mixture}", 1),
		"an expert without a kind":              "extends: seed/dsm\nmodel: {kind: product, experts: [{hidden: [8]}]}",
		"nothing at all":                        "{}",
		"a list":                                "[]",
		"extends that is no text":               "extends: [seed/dsm]",
	} {
		ours, theirs := accepts([]byte(text)), validate([]byte(text))
		if ours == nil || theirs == nil {
			t.Errorf("%s: the program says %v, and the schema %v", name, ours, theirs)
		}
	}
	for name, text := range map[string]string{
		"combinations of keys":      strings.Replace(whole, "kind: two_gaussians", "kind: gaussian_mixture, means: [[0], [1]]", 1),
		"methods that do not suit":  strings.Replace(whole, "kind: dsm", "kind: msdsm", 1),
		"what is extended":          "extends: seed/none",
		"keys of the kind extended": "extends: seed/dsm\nmethod: {noise_ratio: 2}",
		"keys missing with extends": "extends: seed/dsm\ndata: {kind: csv}",
	} {
		if ours, theirs := accepts([]byte(text)), validate([]byte(text)); ours == nil || theirs != nil {
			t.Errorf("%s: the program says %v, and the schema %v", name, ours, theirs)
		}
	}
}

// ofTags is how problems begin or end that the tags and types of the settings tell.
var ofTags = regexp.MustCompile(`unknown key|is missing; |^found .* is needed|^"[^"]*" is unknown; (did you mean|known: [a-z])|^[-0-9.e+]* is (negative$|not positive$|not (in|at|above|below) [^;]*$)|^has \d+ (entr|char)\w+, |^is empty$`)

// Configs that are changed at random are valid by the schema where the program takes them, and where it does not, they are only
// valid if what is wrong are combinations of keys.
func TestSchemaAgreesWithDecoder(t *testing.T) {
	validate := schematest.Validator(t, Schema())
	texts := resolved(t)
	r := rand.New(rand.NewPCG(1, 2))
	taken, refused, combined := 0, 0, 0
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		for range 20 {
			text := changed(t, r, texts[name])
			ours, theirs := accepts(text), validate(text)
			switch {
			case ours == nil && theirs == nil:
				taken++
			case ours != nil && theirs != nil:
				refused++
			case ours == nil:
				t.Fatalf("the schema refuses what the program takes: %v\n%s", theirs, text)
			default:
				combined++
				for _, e := range ours.(strictyaml.Errors) {
					if ofTags.MatchString(e.Problem) {
						t.Fatalf("the schema does not know that %v in\n%s", e, text)
					}
				}
			}
		}
	}
	if taken < 100 || refused < 100 || combined == 0 {
		t.Errorf("%d configs were taken, %d refused and %d refused by the program alone", taken, refused, combined)
	}
}

// changed makes one change to a config, and writes it as JSON, which is YAML.
func changed(t *testing.T, r *rand.Rand, text []byte) []byte {
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	var root any
	numbers := json.NewDecoder(bytes.NewReader(asJSON))
	numbers.UseNumber()
	if err := numbers.Decode(&root); err != nil {
		t.Fatal(err)
	}
	odd := func() any { return oddValues[r.IntN(len(oddValues))] }
	var places []func()
	for _, m := range mapsIn(root) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			places = append(places, func() { delete(m, key) }, func() { m[key+"s"] = m[key] }, func() { m[key] = odd() }, func() { m[key] = odd() })
			if list, isList := m[key].([]any); isList && len(list) > 0 {
				places = append(places, func() { list[r.IntN(len(list))] = odd() })
			}
			if key == "kind" {
				kind := allKinds[r.IntN(len(allKinds))]
				places = append(places, func() { m[key] = kind }, func() {
					clear(m)
					m[key] = kind
				})
			}
		}
	}
	places[r.IntN(len(places))]()
	out, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var oddValues = []any{-1, 0, 0.5, 1, 2, 3, 1e-3, 1e12, "", "data", "1", true, false, nil, []any{}, []any{1}, []any{[]any{1.5, 2}}, map[string]any{}, map[string]any{"kind": "mlp"}}

// mapsIn are the maps within a tree, in a fixed order.
func mapsIn(tree any) (list []map[string]any) {
	switch tree := tree.(type) {
	case map[string]any:
		list = append(list, tree)
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			list = append(list, mapsIn(tree[key])...)
		}
	case []any:
		for _, item := range tree {
			list = append(list, mapsIn(item)...)
		}
	}
	return list
}

// allKinds are those of all sections.
var allKinds = func() (list []string) {
	for _, name := range sections {
		for _, p := range Schema().Defs {
			if kind, ok := strings.CutPrefix(p.Name, name+"."); ok {
				list = append(list, kind)
			}
		}
	}
	slices.Sort(list)
	return list
}()

// The schema has the keys that the program knows in each section, and no others, and says what each means.
func TestSchemaHasAllKeys(t *testing.T) {
	schema := Schema()
	check := func(where string, settings any, s *strictyaml.Schema, more ...string) {
		want := append(more, keysOf(reflect.TypeOf(settings).Elem())...)
		var got []string
		for _, p := range s.Properties {
			got = append(got, p.Name)
			if p.Schema.Description == "" && p.Name != "kind" {
				t.Errorf("%s: the schema does not say what %s means", where, p.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, and the program %v", where, got, want)
		}
		if s.AdditionalProperties != false {
			t.Errorf("%s: the schema takes unknown keys", where)
		}
	}
	c := defaults()
	check("the root", c, schema, "extends")
	train := schema.Properties.Get("train")
	check("optimizer", &c.Optimizer, schema.Properties.Get("optimizer"))
	check("train", &c.Train, train)
	check("train.health", &c.Train.Health, train.Properties.Get("health"))
	check("train.early_stopping", &c.Train.EarlyStopping, train.Properties.Get("early_stopping"))
	check("sampling", &c.Sampling, schema.Properties.Get("sampling"))
	checkKinds(t, check, schema, "data", datasets.Kinds)
	checkKinds(t, check, schema, "model", models.Kinds)
	checkKinds(t, check, schema, "method", trainers.Kinds)
	checkKinds(t, check, schema, "method.noise", trainers.NoiseKinds)
	checkKinds(t, check, schema, "sampler", samplers.Kinds)
}

func checkKinds[T any](t *testing.T, check func(string, any, *strictyaml.Schema, ...string), schema *strictyaml.Schema, section string, kinds map[string]func() T) {
	anyKind := schema.Defs.Get(section).Properties.Get("kind")
	if want := slices.Sorted(maps.Keys(kinds)); !slices.Equal(anyKind.Enum, want) {
		t.Errorf("the kinds of %s are %v, and should be %v", section, anyKind.Enum, want)
	}
	for i, kind := range anyKind.Enum {
		check(section+" of kind "+kind, kinds[kind](), schema.Defs.Get(section+"."+kind), "kind")
		if anyKind.EnumDescriptions[i] == "" {
			t.Errorf("the schema does not say what %s of kind %s is", section, kind)
		}
	}
}

// keysOf are the keys of a struct, by its tags.
func keysOf(t reflect.Type) (keys []string) {
	for f := range t.Fields() {
		switch tag := f.Tag.Get("yaml"); tag {
		case "", "-":
		case ",inline":
			keys = append(keys, keysOf(f.Type)...)
		default:
			keys = append(keys, tag)
		}
	}
	return keys
}

// The keys that can be assigned are those of a resolved config and those that it leaves out, and assigning their values changes
// nothing.
func TestKeys(t *testing.T) {
	every := map[string]bool{}
	for _, p := range Keys(nil) {
		if every[p.Name] {
			t.Errorf("%s is listed twice", p.Name)
		}
		every[p.Name] = true
	}
	for _, key := range []string{"method.sigma", "model.hidden", "method.noise.components", "train.health.policy", "method.generative.buffer_size", "data.stream.window"} {
		if !every[key] {
			t.Errorf("%s is not among all keys", key)
		}
	}
	for _, name := range embedded.Names() {
		c, err := Resolve(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		own := map[string]bool{}
		for _, p := range Keys(c) {
			own[p.Name] = true
		}
		values, err := c.values()
		if err != nil {
			t.Fatal(err)
		}
		var sets []string
		for _, v := range values {
			if !own[v.Key] {
				t.Errorf("%s: %s is not among its keys", name, v.Key)
			}
			sets = append(sets, v.Key+"="+v.Text)
		}
		if again, err := Resolve(name, sets); err != nil {
			t.Error(err)
		} else if differences, err := Diff(c, again); err != nil || len(differences) > 0 {
			t.Errorf("%s: assigned what they are, its keys differ: %v, %v", name, differences, err)
		}
	}
}
