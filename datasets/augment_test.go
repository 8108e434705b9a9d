package datasets

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/dealt"
	"joule/internal/random"
	"joule/internal/tensor"
)

// augmented gives points [n, dim] as an augmentation leaves them in some steps, of which the device sees parts of a batch, or
// all at once.
func augmented(t *testing.T, backend compute.Backend, a Augmenter, points Points, devices int, steps ...int) (all []Points) {
	t.Helper()
	n := points.N / devices
	exec, err := graph.NewExec(backend, func(key, step, part, x *graph.Node) *graph.Node {
		draws := random.NewStreamAt(key, step)
		if devices > 1 {
			draws.For(&dealt.Part{Devices: devices, Device: part})
		}
		return a.Augment(x, draws)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	for _, step := range steps {
		out := NewPoints(points.N, points.Dim)
		for i := range devices {
			var batch []float64
			for k := range n {
				batch = append(batch, points.Row(k*devices+i)...)
			}
			result, err := exec.Call(random.Seed(4, 1), int32(step), int32(i), tensor.From(batch, dtypes.Float32, n, points.Dim))
			if err != nil {
				t.Fatal(err)
			}
			values, err := tensor.Values(result[0])
			if err != nil {
				t.Fatal(err)
			}
			for k := range n {
				copy(out.Row(k*devices+i), values[k*points.Dim:])
			}
		}
		all = append(all, out)
	}
	return all
}

// imagePoints are images of bytes that are all different within an image.
func imagePoints(n int, image Image) Points {
	points := NewPoints(n, image.Dim())
	for i := range n {
		for k := range points.Row(i) {
			points.Row(i)[k] = float64((i + 3*k) % 256)
		}
	}
	return points
}

// moved is an image turned, and shifted by the given pixels; what comes in is black, or mirrored.
func moved(x []float64, image Image, flip bool, down, right int, reflect bool) []float64 {
	out := make([]float64, len(x))
	for k := range out {
		row, column, channel := image.position(k)
		row, column = row-down, column-right
		if reflect {
			row, column = mirror(row, image.Height), mirror(column, image.Width)
		}
		if row < 0 || row >= image.Height || column < 0 || column >= image.Width {
			continue
		}
		if flip {
			column = image.Width - 1 - column
		}
		out[k] = x[(row*image.Width+column)*image.Channels+channel]
	}
	return out
}

func mirror(i, n int) int {
	if i < 0 {
		return -i
	}
	return min(i, 2*n-2-i)
}

// Images are turned and shifted as the settings say, each possibility as often, and differently in every step. Parts of a
// batch come out as in the whole.
func TestFlipsAndShifts(t *testing.T) {
	image := Image{4, 5, 2}
	points := imagePoints(1500, image)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, settings := range []Augment{
			{Shift: 2, Padding: padBlack}, {Flip: true, Shift: 1, Padding: padReflect},
		} {
			a := &augmentation{settings: settings, image: image}
			both := augmented(t, backend, a, points, 1, 7, 8)
			got := both[0]
			counts, possible := map[[3]int]int{}, 0
			for flip := range 2 {
				for down := -settings.Shift; down <= settings.Shift; down++ {
					for right := -settings.Shift; right <= settings.Shift; right++ {
						if flip == 1 && !settings.Flip {
							continue
						}
						possible++
						for i := range points.N {
							if slices.Equal(got.Row(i), moved(points.Row(i), image, flip == 1, down, right, settings.Padding == padReflect)) {
								counts[[3]int{flip, down, right}]++
							}
						}
					}
				}
			}
			p, total := 1/float64(possible), 0
			for _, n := range counts {
				total += n
				wantNear(t, "share of a possibility", float64(n)/float64(points.N), p, 5*math.Sqrt(p*(1-p)/float64(points.N)))
			}
			if total != points.N || len(counts) != possible {
				t.Errorf("%+v: %d of %d images are as they should be, in %d of %d ways", settings, total, points.N, len(counts), possible)
			}
			if again := augmented(t, backend, a, points, 3, 7); !slices.Equal(again[0].Values, got.Values) {
				t.Errorf("%+v: in three parts the batch comes out differently", settings)
			}
			if slices.Equal(both[1].Values, got.Values) {
				t.Errorf("%+v: two steps are the same", settings)
			}
		}
	})
}

// Replicas draw their own numbers, and each what it would draw alone.
func TestAugmentedReplicas(t *testing.T) {
	image := Image{3, 3, 1}
	points := imagePoints(40, image)
	a := &augmentation{settings: Augment{Flip: true, Shift: 1, Padding: padBlack, Noise: 0.1}, image: image, dequantise: true, transform: uniformMap(9, 0, 256, 0.05)}
	y := a.transform.Apply(points)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		out, err := graph.CallOnce(backend, func(key, x *graph.Node) *graph.Node {
			return a.Augment(graph.BroadcastToDims(graph.InsertAxes(x, 0), 2, 40, 9), random.NewStreamAt(key, graph.Const(x.Graph(), int32(7))))
		}, random.Seeds([]int64{5, 4}, 1), tensor.From(y.Values, dtypes.Float32, 40, 9))
		if err != nil {
			t.Fatal(err)
		}
		values, err := tensor.Values(out)
		if err != nil {
			t.Fatal(err)
		}
		alone := augmented(t, backend, a, y, 1, 7)[0].Values
		if !slices.Equal(values[360:], alone) {
			t.Error("the replica of seed 4 differs from what it is alone")
		}
		if slices.Equal(values[:360], alone) {
			t.Error("replicas of two seeds are the same")
		}
	})
}

// uniformMap is a Standardizer of columns that are all alike.
func uniformMap(dim int, mean, std, logit float64) *Standardizer {
	return &Standardizer{Mean: slices.Repeat([]float64{mean}, dim), Std: slices.Repeat([]float64{std}, dim), Logit: logit}
}

// Dequantised pixels keep their value, with uniform noise of the step in place of that of the host, whatever the scale; and
// white is what the scale ends with.
func TestDequantisation(t *testing.T) {
	const n = 20
	for name, s := range map[string]func(*IDX){
		"unit":         func(s *IDX) { s.Scale = scaleUnit },
		"symmetric":    func(s *IDX) { s.Scale = scaleSymmetric },
		"none":         func(s *IDX) { s.Scale = scaleNone },
		"standardized": func(s *IDX) { s.Standardize = true },
		"logit":        func(s *IDX) { s.Logit = 1e-6 },
		"wide logit":   func(s *IDX) { s.Logit = 0.05 },
	} {
		var data []byte
		for i := range n {
			for k := range 256 {
				data = append(data, byte(k+i))
			}
		}
		source := NewIDX()
		source.Path, source.TestFraction, source.Dequantise = t.TempDir()+"/a", 0, true
		write(t, source.Path, idx(8, []int{n, 16, 16}, data...))
		s(source)
		set, err := source.Load(Env{Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		host := set.Transform.Undo(set.Train)
		backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
			got := set.Transform.Undo(augmented(t, backend, set.Augment, set.Train, 1, 3)[0])
			same := 0
			noise := Points{N: len(got.Values), Dim: 1}
			for k, x := range got.Values {
				if x == host.Values[k] {
					same++
				}
				pixel := math.Floor(host.Values[k])
				if x < pixel-1e-3 || x > pixel+1+1e-3 {
					t.Fatalf("%s: the pixel %v has become %v", name, host.Values[k], x)
				}
				noise.Values = append(noise.Values, x-pixel)
			}
			mean, std := noise.Moments()
			// The variances of a uniform number, and of its square about ½, are 1/12 and 1/180.
			wantNear(t, name+": mean of the noise", mean[0], 0.5, 5*math.Sqrt(1./12/float64(noise.N)))
			wantNear(t, name+": variance of the noise", std[0]*std[0], 1./12, 5*math.Sqrt(1./180/float64(noise.N)))
			if same > noise.N/50 {
				t.Errorf("%s: %d of %d pixels are as on the host", name, same, noise.N)
			}
		})
		mean, std := Points{N: len(host.Values), Dim: 1, Values: fractions(host.Values)}.Moments()
		wantNear(t, name+": mean of the noise of the host", mean[0], 0.5, 5*math.Sqrt(1./12/float64(len(host.Values))))
		wantNear(t, name+": variance of the noise of the host", std[0]*std[0], 1./12, 5*math.Sqrt(1./180/float64(len(host.Values))))
	}
}

func fractions(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, x := range values {
		out[i] = x - math.Floor(x)
	}
	return out
}

// What a shift brings in is black in the coordinates of the model, too.
func TestShiftsOfScaledImages(t *testing.T) {
	image := Image{2, 2, 1}
	for _, transform := range []*Standardizer{uniformMap(4, 127.5, 127.5, 0), uniformMap(4, 0, 255, 0.1)} {
		points := NewPoints(64, 4)
		for i := range points.Values {
			points.Values[i] = 255
		}
		a := &augmentation{settings: Augment{Shift: 1, Padding: padBlack}, image: image, transform: transform}
		backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
			got := transform.Undo(augmented(t, backend, a, transform.Apply(points), 1, 0)[0])
			dark := 0
			for _, x := range got.Values {
				if math.Abs(x) < 1e-3 {
					dark++
				} else {
					wantNear(t, "pixel", x, 255, 1e-3)
				}
			}
			if dark == 0 {
				t.Error("nothing was shifted")
			}
		})
	}
}

func TestNoiseOfData(t *testing.T) {
	image := Image{10, 10, 1}
	points := imagePoints(100, image)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := augmented(t, backend, &augmentation{settings: Augment{Noise: 0.3}, image: image}, points, 1, 0)[0]
		noise := Points{N: len(got.Values), Dim: 1, Values: got.Values}
		for k, x := range points.Values {
			noise.Values[k] -= x
		}
		mean, std := noise.Moments()
		wantNear(t, "mean", mean[0], 0, 5*0.3/math.Sqrt(1e4))
		wantNear(t, "standard deviation", std[0], 0.3, 5*0.3/math.Sqrt(2e4))
	})
}
