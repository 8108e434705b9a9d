package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"joule/internal/hostile"
	"joule/internal/strictyaml"
)

// bound is how many bytes may be allocated for each of a file: see package strictyaml.
const bound = 2500

// loadAs loads text as the file x.yaml, which can extend embedded configs.
func loadAs(text string, sets ...string) (*Config, error) {
	document, err := strictyaml.Load(func(from, name string) (string, []byte, error) {
		if from == "" {
			return "x.yaml", []byte(text), nil
		}
		if !strings.HasPrefix(from, builtin) {
			from = builtin
		}
		return embedded.Open(from, name)
	}, "x.yaml")
	if err != nil {
		return nil, err
	}
	return decode(document, "", sets)
}

// survives reports a config that does not come back from its YAML.
func survives(c *Config) error {
	encoded, err := c.Encode()
	if err != nil {
		return err
	}
	if again, err := loadAs(string(encoded)); err != nil || !reflect.DeepEqual(c, again) {
		return fmt.Errorf("error %v\ngot  %+v\nwant %+v\nfrom\n%s", err, again, c, encoded)
	}
	return nil
}

func TestHostileConfigs(t *testing.T) {
	standIns(t)
	valid := [][]byte{[]byte(contract), []byte("extends: seed/mle\nname: x\ntrain: {replicas: 2}\n")}
	for _, entry := range List() {
		c, err := Load(entry.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		valid = append(valid, text)
	}
	hostile.Check(t, "x.yaml:", bound, func(content []byte) error {
		c, err := loadAs(string(content))
		if err == nil && survives(c) != nil {
			t.Error(survives(c))
		}
		return err
	}, valid...)
}

// Settings that would take much memory when they are used take none when they are checked.
func TestLargeSettingsAreCheap(t *testing.T) {
	list := func(item string, n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	for _, set := range []string{
		"model.hidden=[1000000, 1000000, 1000000]", "model.hidden=[100000000]", "model.hidden=" + list("1000000", 20000),
		"data.size=100000000", "train={batch_size: 1000000, replicas: 4096, steps: 2000000000, log_every: 2000000000}",
		"data.means=" + list(list("1", 2048), 20), "data.means=" + list("[1]", 20000), "data.weights=" + list("1", 20000),
		"model={kind: quadratic, precision: " + list(list("0", 150), 150) + "}", "model={kind: quadratic, mean: " + list("1e308", 20000) + "}",
		"method={kind: mle, buffer_size: 100000000, sampler: {kind: langevin, steps: 2000000000}}",
		"data={kind: csv, path: /dev/zero, columns: " + list("a", 50000) + "}", "backend=" + strings.Repeat("x", 20000),
	} {
		content := []byte(contract + set)
		hostile.Bounded(t, content, bound, func() {
			if _, err := loadAs(contract, set); err != nil {
				hostile.CheckError(t, content, ": ", err)
			}
		})
	}
}

// The config of a stranger's run stands alone: it starts from no other file, and is no link out of the run.
func TestLoadRunStaysInside(t *testing.T) {
	dir := t.TempDir()
	run, outside := filepath.Join(dir, "run"), filepath.Join(dir, "outside.yaml")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(run, "config.yaml")
	write(t, outside, contract)
	for _, base := range []string{"../outside.yaml", outside, "seed/mle", "config.yaml"} {
		write(t, path, "extends: "+base+"\nname: a\n")
		_, err := LoadRun(path, "", nil)
		if want := path + ":1:10: extends: config.yaml stands alone, and cannot start from another file"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	for _, target := range []string{"../outside.yaml", outside} {
		os.Remove(path)
		if err := os.Symlink(target, path); err != nil {
			t.Skip(err)
		}
		if _, err := LoadRun(path, "", nil); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "escapes") {
			t.Errorf("error %v, want one that names the file and says that it escapes", err)
		}
	}
	if err := os.Symlink(run, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	write(t, path, contract)
	if _, err := LoadRun(filepath.Join(dir, "link", "config.yaml"), "", nil); err != nil {
		t.Errorf("a run behind a link: %v", err)
	}
}
