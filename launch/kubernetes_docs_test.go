package launch

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/scaling.md has every key of Kubernetes' section and no other, the defaults that there are, and a profile that is one.
func TestDocumentationOfKubernetes(t *testing.T) {
	text, err := os.ReadFile("../docs/scaling.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```text\n(# pods.yaml\n.*?)```").FindStringSubmatch(string(text))
	if example == nil {
		t.Fatal("there is no example")
	}
	if p := profileOf(t, example[1]); p.Kubernetes.Namespace != "energy" || len(p.Kubernetes.Volumes) != 2 {
		t.Errorf("the example is %+v", p)
	}
	defaults := newKubernetesSettings()
	for table, of := range map[string]reflect.Value{
		"| key of `kubernetes` | type | default | what |": reflect.ValueOf(defaults),
		"| key of a volume | type | what |":               reflect.ValueOf(KubernetesVolume{}),
	} {
		_, rows, found := strings.Cut(string(text), table+"\n")
		if !found {
			t.Fatalf("there is no table %s", table)
		}
		rows, _, _ = strings.Cut(rows, "\n\n")
		var stated, keys []string
		lines := map[string]string{}
		for line := range strings.Lines(rows) {
			for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
				stated = append(stated, m[1])
				lines[m[1]] = line
			}
		}
		for f, v := range of.Fields() {
			key := f.Tag.Get("yaml")
			keys = append(keys, key)
			if isGiven := v.Kind() == reflect.String || v.Kind() == reflect.Int; isGiven && !v.IsZero() && !strings.Contains(lines[key], fmt.Sprintf("| `%v` |", v)) {
				t.Errorf("the default of %s is %v: %s", key, v, lines[key])
			}
		}
		slices.Sort(stated)
		slices.Sort(keys)
		if !slices.Equal(stated, keys) {
			t.Errorf("keys %v are documented, and there are %v", stated, keys)
		}
	}
}
