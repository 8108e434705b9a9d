package configs

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"joule/datasets"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

// docs/configs.md lists exactly the keys there are, each with its type, default and range, under a heading for each
// section and kind.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../docs/configs.md")
	if err != nil {
		t.Fatal(err)
	}
	stated := map[string][]string{} // the rows of the tables, by heading
	heading := ""
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			heading = strings.TrimSpace(title)
		}
		if row := regexp.MustCompile("^\\| `[^|]*\\|[^|]*\\|[^|]*\\|(\\\\\\||[^|])*\\|").FindString(line); row != "" {
			stated[heading] = append(stated[heading], row)
		}
	}
	actual := map[string][]string{"Top level": rows(defaults())}
	actual["`optimizer`"], actual["`train`"] = rows(&defaults().Optimizer), rows(&defaults().Train)
	actual["`train.early_stopping`"] = rows(&defaults().Train.EarlyStopping)
	actual["`train.health`"] = rows(&defaults().Train.Health)
	addKinds(actual, "data", datasets.Kinds)
	addKinds(actual, "model", models.Kinds)
	addKinds(actual, "method", trainers.Kinds)
	addKinds(actual, "method.noise", trainers.NoiseKinds)
	addKinds(actual, "sampler", samplers.Kinds)
	actual["`sampler` of kind `langevin`"] = rows(defaults().Sampler)
	actual["`sampling`"] = rows(&defaults().Sampling)
	actual["`method.sampler` of kind `langevin`"] = rows(trainers.NewMLE().Sampler)
	actual["`data.density`"] = rows(&datasets.DensityFit{})
	actual["`data.augment`"] = rows(&datasets.NewIDX().Augment)
	actual["`data.stream`"] = rows(&datasets.Streaming{})
	for _, heading := range slices.Sorted(maps.Keys(actual)) {
		if !slices.Equal(stated[heading], actual[heading]) {
			t.Errorf("the rows under %s should begin with\n%s\nand not\n%s", heading, strings.Join(actual[heading], "\n"), strings.Join(stated[heading], "\n"))
		}
	}
	for heading := range stated {
		if actual[heading] == nil {
			t.Errorf("there is no section %s", heading)
		}
	}
}

func addKinds[T any](to map[string][]string, section string, kinds map[string]func() T) {
	for name, construct := range kinds {
		to[fmt.Sprintf("`%s` of kind `%s`", section, name)] = rows(construct())
	}
}

// rows begin the documentation of each key of a struct of settings, which holds its defaults.
func rows(settings any) (list []string) {
	v := reflect.ValueOf(settings).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, inline, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case inline == "inline":
			list = append(list, rows(v.Field(i).Addr().Interface())...)
		case name != "" && name != "-":
			check := field.Tag.Get("check")
			list = append(list, fmt.Sprintf("| `%s` | %s | %s | %s |", name, typeName(field.Type), defaultOf(v.Field(i), check), rangeOf(check)))
		}
	}
	return list
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		inner := typeName(t.Elem())
		if numbers, nested := strings.CutPrefix(inner, "list"); nested {
			return "list of lists" + numbers
		}
		return "list of " + inner + "s"
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	default:
		return "section"
	}
}

// defaultOf is the default of a key, or that it is required: a default that the rules refuse is none.
func defaultOf(v reflect.Value, check string) string {
	rules := strings.Split(check, ", ")
	refused := slices.Contains(rules, "required") || v.IsZero() &&
		(slices.Contains(rules, "> 0") || slices.Contains(rules, "len >= 1") || strings.HasPrefix(check, "in "))
	if refused {
		return "required"
	}
	switch v.Kind() {
	case reflect.Slice:
		if v.Len() == 0 {
			return "none"
		}
		return "`" + strings.ReplaceAll(fmt.Sprint(v), " ", ", ") + "`"
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return "none"
		}
		return "below"
	case reflect.Struct:
		return "below"
	case reflect.String:
		if v.String() == "" {
			return "none"
		}
	}
	return fmt.Sprintf("`%v`", v)
}

func rangeOf(check string) string {
	var parts []string
	for _, rule := range strings.Split(check, ", ") {
		switch options, isList := strings.CutPrefix(rule, "in "); {
		case rule == "" || rule == "required":
		case strings.HasPrefix(rule, "word "):
			parts = append(parts, "or `"+strings.Fields(rule)[1]+"`")
		case isList:
			parts = append(parts, "`"+strings.ReplaceAll(options, "|", "`, `")+"`")
		default:
			parts = append(parts, strings.NewReplacer("len >= 1", "not empty", ">=", "≥", "<=", "≤").Replace(rule))
		}
	}
	return strings.Join(parts, ", ")
}
