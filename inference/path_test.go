package inference

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/models"
)

// muellerBrown is the potential of Müller & Brown 1979, divided by 100.
type muellerBrown struct{}

func (muellerBrown) Parameters(int) ([]models.Parameter, error) { return nil, nil }

func (muellerBrown) Energy(_ []*graph.Node, x *graph.Node) *graph.Node {
	u, v := graph.Slice(x, graph.AxisRange(), graph.AxisElem(0)), graph.Slice(x, graph.AxisRange(), graph.AxisElem(1))
	var sum *graph.Node
	for _, c := range [][6]float64{
		{-200, -1, 0, -10, 1, 0}, {-100, -1, 0, -10, 0, 0.5}, {-170, -6.5, 11, -6.5, -0.5, 1.5}, {15, 0.7, 0.6, 0.7, -1, 1},
	} {
		du, dv := graph.AddScalar(u, -c[4]), graph.AddScalar(v, -c[5])
		exponent := graph.Add(graph.Add(graph.MulScalar(graph.Square(du), c[1]), graph.MulScalar(graph.Mul(du, dv), c[2])), graph.MulScalar(graph.Square(dv), c[3]))
		term := graph.MulScalar(graph.Exp(exponent), c[0]/100)
		if sum == nil {
			sum = term
		} else {
			sum = graph.Add(sum, term)
		}
	}
	return graph.Squeeze(sum, -1)
}

// From one of the deep minima of the potential to the other the path leads over both passes, whose energies are known, and
// through the third minimum.
func TestStringOnMuellerBrown(t *testing.T) {
	from, to := []float64{-0.558224, 1.441726}, []float64{0.623499, 0.028038}
	s := String{Points: 65, Steps: 3000, StepSize: 0.01}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		p, err := s.Path(compile(t, backend, muellerBrown{}, 2), from, to)
		if err != nil {
			t.Fatal(err)
		}
		var turns []float64 // of the energy along the path
		for i := 1; i < s.Points-1; i++ {
			if e := p.Energies; (e[i]-e[i-1])*(e[i+1]-e[i]) < 0 {
				turns = append(turns, e[i])
			}
		}
		want := []float64{-0.4066484, -0.8076782, -0.7224894} // the pass (−0.822, 0.624), the minimum (−0.050, 0.467), the pass (0.212, 0.293)
		if len(turns) != 3 {
			t.Fatalf("the energy turns at %v, want %v", turns, want)
		}
		for i := range want {
			if math.Abs(turns[i]-want[i]) > 0.01 {
				t.Errorf("the energy turns at %v, want %v", turns[i], want[i])
			}
		}
		if p.Slope > 0.05 {
			t.Errorf("the slope across the path is %v", p.Slope)
		}
		for k := range from {
			if math.Abs(p.Points.Row(0)[k]-from[k]) > 1e-6 || math.Abs(p.Points.Row(s.Points - 1)[k]-to[k]) > 1e-6 {
				t.Errorf("the ends are %v and %v", p.Points.Row(0), p.Points.Row(s.Points-1))
			}
		}
		step := func(i int) float64 {
			a, b := p.Points.Row(i), p.Points.Row(i+1)
			return math.Hypot(b[0]-a[0], b[1]-a[1])
		}
		for i := range s.Points - 1 {
			if math.Abs(step(i)-step(0)) > 0.05*step(0) {
				t.Errorf("neighbours %d are %v apart, and the first %v", i, step(i), step(0))
			}
		}
	})
}

// Without steps the path is straight; with a step that is far too large it stays in one piece.
func TestStringSteps(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model := gaussian(t, backend, []float64{0, 0}, []float64{1, 1e-4})
		p, err := String{Points: 5, Steps: 0, StepSize: 1}.Path(model, []float64{0, 1}, []float64{4, -1})
		if err != nil || math.Abs(p.Points.Row(1)[0]-1) > 1e-6 || math.Abs(p.Points.Row(1)[1]-0.5) > 1e-6 {
			t.Errorf("%+v, %v", p, err)
		}
		p, err = String{Points: 9, Steps: 200, StepSize: 1e3}.Path(model, []float64{-1, 0}, []float64{1, 0})
		if err != nil || math.Abs(p.Points.Row(4)[0]) > 0.6 || math.Abs(p.Points.Row(4)[1]) > 0.2 {
			t.Errorf("a large step: %+v, %v", p, err)
		}
	})
}

func TestStringRefuses(t *testing.T) {
	model := gaussian(t, backendtest.Open(t, "go"), []float64{0}, []float64{1})
	for want, s := range map[string]String{
		"2 points;": {2, 1, 1}, "-1 steps;": {9, -1, 1}, "a step size of 0;": {9, 1, 0}, "both ends of the path are the same point": NewString(),
	} {
		if _, err := s.Path(model, []float64{1}, []float64{1}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
