package strictyaml

import (
	"encoding/json"
	"testing"
)

// What values are for programs can be written as JSON, whatever form the number has in YAML.
func TestFlattenData(t *testing.T) {
	values, err := Flatten([]byte("a: +.5\nb: 2e4\nc: 1.\nd: '1'\ne: true\nf:\ng: [1, [x, -.25]]\nh: [{k: 007}]\ni: +1e999\nj: {k: 12345678901234567890}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a 0.5", "b 2e4", "c 1", `d "1"`, "e true", "f null", `g [1,["x",-0.25]]`, `h [{"k":7}]`, "i 1.7976931348623157e+308", "j.k 12345678901234567890"}
	for i, v := range values {
		text, err := json.Marshal(v.Data)
		if got := v.Key + " " + string(text); err != nil || got != want[i] {
			t.Errorf("%s, error %v; want %s", got, err, want[i])
		}
	}
}
