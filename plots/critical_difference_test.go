package plots

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// ranked is a figure of seven methods with two groups.
func ranked() CriticalDifference {
	return CriticalDifference{
		Title: "two <Gaussians> & \"dsm\"", Difference: 1.25, Groups: [][2]int{{0, 2}, {2, 4}, {5, 6}}, Note: "p = 0.01",
		Methods: []RankedMethod{{"mle", 1}, {"dsm", 1.9}, {"ssm", 2.4}, {"nce", 3.1}, {"cnce", 3.5}, {"cd", 5.5}, {"pcd", 7}},
	}
}

func TestCriticalDifferenceNamesEverything(t *testing.T) {
	text := svgText(t, ranked())
	for _, want := range []string{"critical difference 1.25\n", "p = 0.01\n", "mle\n", "1.00\n", "pcd\n", "7.00\n", "cnce\n", "3.50\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	d := ranked()
	d.Difference = 6.5
	if text := svgText(t, d); !strings.Contains(text, "critical difference 6.50, more than there is\n") {
		t.Errorf("of one longer than the axis:\n%s", text)
	}
	d.Difference = 0
	if text := svgText(t, d); strings.Contains(text, "critical difference") {
		t.Errorf("of none:\n%s", text)
	}
}

// A bar reaches from the first to the last rank of its group, and no further.
func TestBarsOfGroups(t *testing.T) {
	d := ranked()
	rows, count := d.barRows()
	if fmt.Sprint(rows, count) != "[0 1 0] 2" {
		t.Errorf("rows %v of %d", rows, count)
	}
	img := decoded(t, d)
	left := margin + d.nameRoom(d.Methods[:4])
	right := pageWidth - margin - d.nameRoom(d.Methods[4:])
	line := vg.Length(img.Bounds().Dy())*onePixel - figureTitleRoom(d.Title) - 2*margin - scaleRoom - rankTickRoom
	x := func(rank float64) vg.Length { return left + vg.Length((rank-1)/6)*(right-left) }
	for _, c := range []struct {
		rank float64
		row  int
		bar  bool
	}{{1.5, 0, true}, {2.2, 0, true}, {2.8, 0, false}, {2.8, 1, true}, {3.3, 1, true}, {1.5, 1, false}, {4.5, 0, false}, {4.5, 1, false}, {6, 0, true}, {6, 1, false}} {
		at := vg.Point{X: x(c.rank), Y: line - 6 - groupLine*vg.Length(c.row)}
		if isBar := near(pixelAt(img, at), ink); isBar != c.bar {
			t.Errorf("rank %g, row %d: a bar: %v", c.rank, c.row, isBar)
		}
	}
}

func TestCriticalDifferenceOfMany(t *testing.T) {
	d := CriticalDifference{}
	for i := range 60 {
		d.Methods = append(d.Methods, RankedMethod{strings.Repeat("a long name ", 20), float64(i + 1)})
	}
	saved(t, d, "a.png")
}

func TestCriticalDifferenceErrors(t *testing.T) {
	two := []RankedMethod{{"a", 1}, {"b", 2}}
	for want, d := range map[string]CriticalDifference{
		"want two methods or more":                                     {Methods: two[:1]},
		"a has the rank 1: want ranks in ascending order, from 1 to 2": {Methods: []RankedMethod{two[1], two[0]}},
		"b has the rank 3: want ranks in ascending order, from 1 to 2": {Methods: []RankedMethod{two[0], {"b", 3}}},
		"the group 0 to 2 is not among 2 methods":                      {Methods: two, Groups: [][2]int{{0, 2}}},
		"-1 is no difference":                                          {Methods: two, Difference: -1},
	} {
		path := filepath.Join(t.TempDir(), "a.png")
		if err := d.Save(path); err == nil || err.Error() != path+": critical difference: "+want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}
