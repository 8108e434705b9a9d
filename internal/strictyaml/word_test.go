package strictyaml

import "testing"

// A word can stand for a whole number, which is written as that word and not given as the number.
func TestWordsForNumbers(t *testing.T) {
	type settings struct {
		Devices int `yaml:"devices" check:">= 0, <= 8, word all -1"`
	}
	for text, want := range map[string]int{"devices: all": -1, "devices: 3": 3, "{}": -1} {
		document, err := Load(files{"x.yaml": text}.open, "x.yaml")
		if err != nil {
			t.Fatal(err)
		}
		got := settings{-1}
		if err := document.Decode(&got, NewRegistry()); err != nil || got.Devices != want {
			t.Errorf("%s is %d, error %v; want %d", text, got.Devices, err, want)
		}
		again, err := Encode(&got, NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		if encoded := map[int]string{-1: "devices: all\n", 3: "devices: 3\n"}[want]; string(again) != encoded {
			t.Errorf("%s is written %q, want %q", text, again, encoded)
		}
	}
	for text, want := range map[string]string{
		"devices: -1":    "x.yaml:1:10: devices: -1 is not in [0, 8]",
		"devices: 9":     "x.yaml:1:10: devices: 9 is not in [0, 8]",
		"devices: every": `x.yaml:1:10: devices: found the text "every"; a whole number or all is needed`,
		"devices: 'all'": `x.yaml:1:10: devices: found the text "all"; a whole number or all is needed`,
	} {
		document, err := Load(files{"x.yaml": text}.open, "x.yaml")
		if err != nil {
			t.Fatal(err)
		}
		wantErrors(t, document.Decode(&settings{}, NewRegistry()), want)
	}
}
