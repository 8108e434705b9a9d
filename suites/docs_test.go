package suites

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"joule/docs"
)

// docs/suites.md has every key of a suite and no other, every metric, and a suite that is one.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../docs/suites.md")
	if err != nil {
		t.Fatal(err)
	}
	stated := map[string][]string{}
	for _, table := range docs.Read("suites.md").Tables {
		if table.Heading != "Keys" {
			continue
		}
		for _, row := range table.Rows {
			stated[table.First] = append(stated[table.First], row.Key)
		}
	}
	for table, of := range map[string]reflect.Type{
		"key": reflect.TypeFor[Suite](), "key of `budget`": reflect.TypeFor[Budget](),
		"key of `measure`": reflect.TypeFor[Measure](), "key of `overrides`": reflect.TypeFor[Override](),
	} {
		var actual []string
		if table == "key" {
			actual = append(actual, "extends")
		}
		for f := range of.Fields() {
			if tag := f.Tag.Get("yaml"); tag != "-" {
				actual = append(actual, tag)
			}
		}
		slices.Sort(stated[table])
		slices.Sort(actual)
		if !slices.Equal(stated[table], actual) {
			t.Errorf("%s: keys %v are documented, and there are %v", table, stated[table], actual)
		}
	}
	_, rest, _ := strings.Cut(string(text), "\n## Metrics\n")
	metrics, _, _ := strings.Cut(rest, "\n## ")
	for _, name := range Metrics() {
		if !strings.Contains(metrics, "`"+name+"`") {
			t.Errorf("metric %s is not documented", name)
		}
	}
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(string(text))
	if example == nil {
		t.Fatal("there is no example")
	}
	if cells := cellsOf(t, example[1]); len(cells) != 5 {
		t.Errorf("the example has %d cells", len(cells))
	}
}
