package starter

import (
	"testing"

	"joule/configs"
)

// Every method that is offered for the densities of the plane and for Old Faithful makes a config that its method takes.
func TestStarters(t *testing.T) {
	for _, data := range []string{"two_moons", "checkerboard", "builtin:old_faithful.csv", "builtin:breast_cancer_benign.csv"} {
		s := &Starter{Path: "x.yaml", Name: "x", Standardize: true, Length: "usual"}
		if err := s.Look(data); err != nil {
			t.Fatal(err)
		}
		methods := s.Methods()
		if len(methods) < 13 {
			t.Errorf("%s: only %v", data, methods)
		}
		for _, method := range methods {
			text, err := s.Text(method)
			if err == nil {
				err = s.Check(text)
			}
			if err != nil {
				t.Errorf("%s with %s: %v\n%s", data, method, err, text)
			}
			c, err := configs.Text(text, s.Path)
			if err != nil || c.Name != "x" {
				t.Errorf("%s with %s: %v, error %v", data, method, c, err)
			}
		}
	}
}
