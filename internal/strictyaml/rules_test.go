package strictyaml

import (
	"reflect"
	"testing"
)

func TestRules(t *testing.T) {
	for _, c := range []struct {
		tag   string
		value any
		want  string
	}{
		{"> 0", 1, ""},
		{"> 0", 0.0, "V is not positive"},
		{">= 0", 0, ""},
		{">= 0", -1, "V is negative"},
		{">= 1", 0.5, "V is not at least 1"},
		{"> 1", 1, "V is not above 1"},
		{"< 1", 1, "V is not below 1"},
		{"<= 1", 2, "V is not at most 1"},
		{">= 0, < 1", 1.0, "V is not in [0, 1)"},
		{"> 0, <= 0.5", 0.0, "V is not in (0, 0.5]"},
		{"> 0, <= 2000000000", -1.0, "V is not positive"},
		{">= 0, <= 2000000000", -1.0, "V is negative"},
		{"> 0, <= 2000000000", 3e9, "V is not at most 2000000000"},
		{"> 0, <= 1e30", 1e31, "V is not at most 1e+30"},
		{"> 0, <= 0.5", 0.5, ""},
		{"in a|b", "a", ""},
		{"in alpha|beta", "apha", `"apha" is unknown; did you mean "alpha"?`},
		{"in alpha|beta", "x", `"x" is unknown; known: alpha, beta`},
		{"required", "", "is empty"},
		{"required", "a", ""},
		{"len <= 2", "éé", ""},
		{"len <= 2", "abc", "has 3 characters, which is not at most 2"},
		{"len >= 1", []int{}, "has 0 entries, which is not at least 1"},
		{"len > 0, len < 3", []int{1, 2, 3}, "has 3 entries, which is not in (0, 3)"},
		{">= 0, word all -1", -1, "V is negative"},
		{"each > 0", []int{-1}, ""}, // elements are the decoder's business
	} {
		r, err := parseRules(c.tag)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.problem(reflect.ValueOf(c.value), "V"); got != c.want {
			t.Errorf("check %q on %v: got %q, want %q", c.tag, c.value, got, c.want)
		}
	}
}

func TestMalformedRulesAreRefused(t *testing.T) {
	for tag, want := range map[string]string{
		"positive":       `check "positive": not a rule`,
		"> x":            `check "> x": "x" is not a number`,
		"~ 1":            `check "~ 1": "~" is not a comparison`,
		"> 0,":           `check "": not a rule`,
		"> 0, each":      `check "each": not a rule`,
		"len 3":          `check "len 3": "len" is not a comparison`,
		"each len == 3":  `check "each len == 3": "==" is not a comparison`,
		"in a, b":        `check "b": not a rule`,
		"word all":       `check "word all": "word" is not a comparison`,
		"word all x":     `check "word all x": want a word and a whole number`,
		"word 1 -1":      `check "word 1 -1": want a word and a whole number`,
		"required field": `check "required field": "required" is not a comparison`,
	} {
		if _, err := parseRules(tag); err == nil || err.Error() != want {
			t.Errorf("%q: got error %v, want %s", tag, err, want)
		}
	}
}

func TestRegisterRefusesMalformedTags(t *testing.T) {
	defer func() {
		if got, want := recover(), `strictyaml: strictyaml.broken.X: check "positive": not a rule`; got != want {
			t.Errorf("got panic %v, want %s", got, want)
		}
	}()
	Register(NewRegistry(), map[string]func() any{"broken": func() any { return &broken{} }})
}

type broken struct {
	X int `yaml:"x" check:"positive"`
}
