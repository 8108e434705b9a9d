package plots

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func upTo(n int) []float64 {
	steps := make([]float64, n)
	for i := range steps {
		steps[i] = float64(i)
	}
	return steps
}

func TestRunningMean(t *testing.T) {
	line := upTo(50)
	if got := runningMean(line, 5); !slices.EqualFunc(got, line, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
		t.Errorf("a straight line is bent: %v", got)
	}
	spike := make([]float64, 50)
	spike[20] = 1e9
	if got := slices.Max(runningMean(spike, 5)); got != 0 {
		t.Errorf("a spike leaves %g", got)
	}
	hole := slices.Clone(line)
	hole[10] = math.NaN()
	got := runningMean(hole, 5)
	if !math.IsNaN(got[10]) || math.IsNaN(got[9]) || math.IsNaN(got[11]) {
		t.Errorf("beside a NaN: %v", got[9:12])
	}
	if got := runningMean([]float64{3, 1, 2}, 0); !slices.Equal(got, []float64{3, 1, 2}) {
		t.Errorf("without neighbours: %v", got)
	}
}

func TestLogAxisNeedsPositiveValuesOverADecade(t *testing.T) {
	for _, c := range []struct {
		values []float64
		ask    bool
		want   bool
	}{
		{[]float64{0.1, 1, 5}, true, true},
		{[]float64{0.1, 1, 5}, false, false},
		{[]float64{1, 5}, true, false},
		{[]float64{0, 1, 5}, true, false},
		{[]float64{-1, 1, 50}, true, false},
		{[]float64{math.NaN(), 0.1, 5}, true, true},
		{[]float64{math.NaN()}, true, false},
	} {
		s := Series{Steps: upTo(len(c.values)), Values: c.values, Log: c.ask}
		if got := s.curve(5).y.log; got != c.want {
			t.Errorf("%v, asked %v: log is %v", c.values, c.ask, got)
		}
	}
}

func TestOneSpikeDoesNotFlattenTheCurve(t *testing.T) {
	values := normalPoints(400).X
	values[100] = 1e6
	c := Series{Steps: upTo(400), Values: values}.curve(5)
	if c.y.max > 5 {
		t.Errorf("the axis ends at %g", c.y.max)
	}
	if want := "line: trimmed mean of 21; 3 values beyond the frame"; !strings.HasPrefix(c.note, "line: trimmed mean of 21; ") || !strings.HasSuffix(c.note, "beyond the frame") {
		t.Errorf("note %q, want one like %q", c.note, want)
	}
}

func TestTrainingCurvesText(t *testing.T) {
	loss := Series{Name: "loss", Unit: "nats", Steps: upTo(5), Values: []float64{3, math.NaN(), math.Inf(1), 2, 1}}
	none := Series{Name: "energy gap", Steps: upTo(2), Values: []float64{math.NaN(), math.NaN()}}
	text := svgText(t, TrainingCurves{Series: []Series{loss, none, {Name: "empty"}}})
	for _, want := range []string{"loss\n", "nats\n", "step\n", "2 values not finite (×)\n", "energy gap\n", "no finite value\n", "no value\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "step\n"); n != 1 {
		t.Errorf("the shared axis is named %d times", n)
	}
}

func TestDegenerateSeriesAreDrawn(t *testing.T) {
	huge, denormal := math.MaxFloat64, math.SmallestNonzeroFloat64
	for name, values := range map[string][]float64{
		"one":         {2},
		"constant":    {2, 2, 2},
		"alone":       {math.NaN(), 1, math.NaN(), 2},
		"huge":        {-huge, huge, 0},
		"wide":        {denormal, huge},
		"denormal":    {denormal, 2 * denormal},
		"nearly same": {1e9, 1e9 + 1e-6},
		"far spike":   append(make([]float64, 500), huge),
		"zero":        {0, 0},
	} {
		for _, file := range []string{"a.png", "a.svg"} {
			t.Run(name, func(t *testing.T) {
				saved(t, TrainingCurves{Series: []Series{{Name: "loss", Steps: upTo(len(values)), Values: values, Log: true}}}, file)
			})
		}
	}
	saved(t, TrainingCurves{Series: []Series{{Steps: []float64{-huge, huge}, Values: []float64{1, 2}}}}, "a.png")
}

func TestTrainingCurvesErrors(t *testing.T) {
	for want, c := range map[string]TrainingCurves{
		"training curves: no series to draw":                      {},
		"training curves: no series has a value":                  {Series: []Series{{Name: "loss"}}},
		"series loss: 2 steps for 1 values: want as many of each": {Series: []Series{{Name: "loss", Steps: upTo(2), Values: upTo(1)}}},
		"series loss: step NaN at index 1 is not finite":          {Series: []Series{{Name: "loss", Steps: []float64{0, math.NaN()}, Values: upTo(2)}}},
	} {
		path := filepath.Join(t.TempDir(), "a.png")
		if err := c.Save(path); err == nil || err.Error() != path+": "+want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}
