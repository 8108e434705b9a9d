package strictyaml

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"sigma", "weighting", "steps", "step_size", "go"}
	for word, want := range map[string]string{
		"sgima":     "sigma", // two neighbours swapped
		"sigm":      "sigma",
		"Sigma":     "sigma",
		"stepsize":  "step_size",
		"weigthing": "weighting",
		"step":      "steps",
		"temper":    "",
		"x":         "",
		"":          "",
	} {
		if got, ok := Nearest(word, known); got != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, %v, want %q", word, got, ok, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "é", 1}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := distance(c.a, c.b, 10); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
