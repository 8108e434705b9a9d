package suites

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/suites.md has every key of a suite and no other, every metric, and a suite that is one.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../docs/suites.md")
	if err != nil {
		t.Fatal(err)
	}
	_, keys, _ := strings.Cut(string(text), "\n## Keys\n")
	keys, rest, _ := strings.Cut(keys, "\n## Metrics\n")
	stated := []string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(keys, -1) {
		stated = append(stated, m[1])
	}
	actual := []string{"extends"}
	for f := range reflect.TypeFor[Suite]().Fields() {
		if tag := f.Tag.Get("yaml"); tag != "-" {
			actual = append(actual, tag)
		}
	}
	slices.Sort(stated)
	slices.Sort(actual)
	if !slices.Equal(stated, actual) {
		t.Errorf("keys %v are documented, and there are %v", stated, actual)
	}
	for _, section := range []reflect.Type{reflect.TypeFor[Measure](), reflect.TypeFor[Budget]()} {
		for f := range section.Fields() {
			if tag := f.Tag.Get("yaml"); !strings.Contains(keys, "`"+tag+"`") {
				t.Errorf("%s is not documented", tag)
			}
		}
	}
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
