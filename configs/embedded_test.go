package configs

import (
	"strings"
	"testing"
)

func TestListDescribesEveryConfig(t *testing.T) {
	entries := List()
	if len(entries) == 0 {
		t.Fatal("there are no configs")
	}
	for _, e := range entries {
		if strings.Contains(e.Name, "/_") {
			t.Errorf("%s is listed, and is not for use by itself", e.Name)
		}
		text, err := Source(e.Name)
		if err != nil || e.Description == "" || !strings.HasPrefix(string(text), "# "+e.Description+"\n") {
			t.Errorf("%s: error %v, source does not begin with its description:\n%s", e.Name, err, text)
		}
	}
}

func TestSourceSuggestsNames(t *testing.T) {
	for name, want := range map[string]string{
		"old-faithfull/nce": `there is no config "old-faithfull/nce"; did you mean "old-faithful/nce"?`,
		"mine":              `there is no config "mine"; there are ` + strings.Join(embedded.Names(), ", "),
	} {
		if _, err := Source(name); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

func TestSourceShowsWhatConfigsExtend(t *testing.T) {
	if text, err := Source("seed/_base"); err != nil || !strings.Contains(string(text), "size: 1250") {
		t.Errorf("got error %v, text\n%s", err, text)
	}
}
