package datasets

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// squares are n points (i, i²/n) and their lines in a CSV file with a header.
func squares(n int) (Points, string) {
	points, text := NewPoints(n, 2), strings.Builder{}
	text.WriteString("i,square\n")
	for i := range n {
		points.Row(i)[0], points.Row(i)[1] = float64(i), float64(i*i)/float64(n)
		fmt.Fprintf(&text, "%v,%v\n", points.Row(i)[0], points.Row(i)[1])
	}
	return points, text.String()
}

// written puts files into a folder of the test.
func written(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// streamed is Load, which has to succeed.
func streamed(t *testing.T, source Source, dir string, seed int64) *Set {
	t.Helper()
	set, err := source.Load(Env{Dir: dir, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// window is one window of a set, in the order of its slots.
func window(t *testing.T, set *Set, k int) Points {
	t.Helper()
	points, times := NewPoints(set.Stream.Size, set.Stream.Dim), make([]int, set.Stream.Size)
	err := set.Stream.Window(t.Context(), k, func(slot int, point []float64) {
		copy(points.Row(slot), point)
		times[slot]++
	})
	if err != nil {
		t.Fatal(err)
	}
	for slot, n := range times {
		if n != 1 {
			t.Errorf("slot %d of window %d is filled %d times", slot, k, n)
		}
	}
	return points
}

// squarePoints are the points alone.
func squarePoints(n int) Points {
	points, _ := squares(n)
	return points
}

// firsts are the first coordinates.
func firsts(points Points) (x []float64) {
	for i := range points.N {
		x = append(x, points.Row(i)[0])
	}
	return x
}

func streamedCSV(path string, how Streaming) *CSV {
	return &CSV{FileData: FileData{Path: path}, Preparation: defaultPreparation, Stream: &how}
}

// Windows go through all training points once an epoch, in another order each time; none of them is a test point. A window
// is the same whenever it is asked for, and another one for another seed.
func TestStreamGoesThroughAllPoints(t *testing.T) {
	const n = 100
	_, text := squares(n)
	dir := written(t, map[string]string{"p.csv": text})
	for _, how := range []Streaming{{Window: 8, Block: 5}, {Window: 16, Block: 7}, {Window: 1000, Block: 3}, {Window: 80, Block: 80}, {Window: 7}} {
		set := streamed(t, streamedCSV("p.csv", how), dir, 1)
		s := set.Stream
		if set.Test.N != 20 || s.N != 80 || set.TrainSize() != 80 || s.Size != min(how.Window, 80) || set.Train.N != 80 {
			t.Fatalf("%+v: %d test points, %d to train on, %d in a window, %d in the sample", how, set.Test.N, s.N, s.Size, set.Train.N)
		}
		all := slices.DeleteFunc(firsts(squarePoints(n)), func(x float64) bool { return slices.Contains(firsts(set.Test), x) })
		if got := slices.Sorted(slices.Values(firsts(set.Train))); !slices.Equal(got, all) {
			t.Errorf("%+v: the sample is %v, want %v in some order", how, got, all)
		}
		// A window of 7 reaches over the ends of epochs, and after seven of them there is an end that it does not.
		epochs := 1
		if 80%s.Size > 0 {
			epochs = s.Size
		}
		var before []float64
		for e := range 3 {
			var order []float64
			for k := range 80 * epochs / s.Size {
				order = append(order, firsts(window(t, set, e*80*epochs/s.Size+k))...)
			}
			if want := slices.Sorted(slices.Values(slices.Repeat(all, epochs))); !slices.Equal(slices.Sorted(slices.Values(order)), want) {
				t.Errorf("%+v: %d epochs go through %v", how, epochs, order)
			}
			if slices.Equal(order, before) {
				t.Errorf("%+v: an epoch has the order of the one before", how)
			}
			before = order
		}
		again := streamed(t, streamedCSV("p.csv", how), dir, 1)
		if got, want := window(t, again, 2), window(t, set, 2); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: window 2 is %v and %v", how, firsts(got), firsts(want))
		}
		if other := streamed(t, streamedCSV("p.csv", how), dir, 2); reflect.DeepEqual(window(t, other, 2), window(t, set, 2)) {
			t.Errorf("%+v: another seed has the same window", how)
		}
	}
}

// Blocks come in an order of their own in each epoch, and points within a window: neighbours in the file are none there.
func TestStreamShuffles(t *testing.T) {
	const n = 4000
	points := squarePoints(n)
	dir := t.TempDir()
	if err := WriteNPY(filepath.Join(dir, "p.npy"), points, Float64); err != nil {
		t.Fatal(err)
	}
	source := &NPY{FileData: FileData{Path: "p.npy"}, Stream: &Streaming{Window: 1000, Block: 10}}
	set := streamed(t, source, dir, 5)
	x := firsts(window(t, set, 0))
	// Of n points drawn at random, the mean has the standard deviation σ/√n, of blocks of 10 the root of 10 times that.
	mean, std := window(t, set, 0).Moments()
	if sigma := float64(n) / math.Sqrt(12); math.Abs(mean[0]-n/2) > 5*sigma*math.Sqrt(10./1000) || math.Abs(std[0]/sigma-1) > 0.2 {
		t.Errorf("a window has the mean %v and the deviation %v, the file %v and %v", mean[0], std[0], n/2, sigma)
	}
	neighbours := 0
	for i := range x[1:] {
		if math.Abs(x[i+1]-x[i]) == 1 {
			neighbours++
		}
	}
	if neighbours > 20 { // 1.8 of them are expected
		t.Errorf("%d neighbours of the file are neighbours in a window", neighbours)
	}
}

// What a set says of the stream is what it says of the same points in memory: moments, range and checksum; parts are held
// out by the number that is asked for, as far as they are kept.
func TestStreamIsTheSetInMemory(t *testing.T) {
	const n = 500
	points, text := squares(n)
	dir := written(t, map[string]string{"p.csv": text, "bare.csv": strings.Join(strings.SplitAfter(text, "\n")[1:], "")})
	if err := WriteNPY(filepath.Join(dir, "p.npy"), points, Float64); err != nil {
		t.Fatal(err)
	}
	how := Streaming{Window: 64, Sample: 30}
	preparation := Preparation{TestFraction: 0.1, Standardize: true}
	var sets []*Set
	for path, want := range map[string][]string{"p.csv": {"i", "square"}, "bare.csv": {"x0", "x1"}, "p.npy": {"x0", "x1"}} {
		var source Source = &NPY{FileData: FileData{Path: path}, Preparation: preparation, Stream: &how}
		if strings.HasSuffix(path, "csv") {
			source = &CSV{FileData: FileData{Path: path}, Preparation: preparation, Stream: &how}
		}
		set := streamed(t, source, dir, 3)
		if !slices.Equal(set.Columns, want) || set.Test.N != 30 || set.Train.N != 30 || set.Stream.N != n-30 {
			t.Fatalf("%s: columns %v, %d and %d points kept, %d to train on", path, set.Columns, set.Test.N, set.Train.N, set.Stream.N)
		}
		sets = append(sets, set)
	}
	set := sets[0]
	for _, other := range sets[1:] {
		if !reflect.DeepEqual(other.Test, set.Test) || !reflect.DeepEqual(other.Transform, set.Transform) || other.Checksum() != set.Checksum() {
			t.Error("the same points in another kind of file are another set")
		}
	}
	// An epoch of windows of their own coordinates has mean 0 and deviation 1.
	set = streamed(t, &NPY{FileData: FileData{Path: "p.npy"}, Preparation: preparation, Stream: &Streaming{Window: 1000, Sample: 30}}, dir, 3)
	epoch := window(t, set, 0)
	mean, std := epoch.Moments()
	for k := range mean {
		if math.Abs(mean[k]) > 1e-12 || math.Abs(std[k]-1) > 1e-12 {
			t.Errorf("coordinate %d has the mean %v and the deviation %v", k, mean[k], std[k])
		}
	}
	low, high := points.Range()
	if !slices.Equal(set.Stream.Low, low) || !slices.Equal(set.Stream.High, high) {
		t.Errorf("the range is %v to %v, want %v to %v", set.Stream.Low, set.Stream.High, low, high)
	}
	back := slices.Concat(firsts(set.Transform.Undo(epoch)), firsts(set.Transform.Undo(set.Test)))
	slices.Sort(back)
	for i, x := range back {
		if math.Abs(x-float64(i)) > 1e-9 {
			t.Fatalf("point %d comes back as %v", i, x)
		}
	}
}

// A file that changes, shrinks or vanishes once it was read is an error that names it; one that is only touched or longer is
// none. A done context ends the reading.
func TestStreamChanges(t *testing.T) {
	points, text := squares(300)
	for what, c := range map[string]struct {
		change func(path string) error
		want   string
	}{
		"changed": {func(path string) error {
			return os.WriteFile(path, []byte(strings.Replace(text, "\n200,", "\n201,", 1)), 0o644)
		}, "p.csv: has changed since the training began: what it holds from line 202 on is not what it was"},
		"not a number": {func(path string) error {
			return os.WriteFile(path, []byte(strings.Replace(text, "\n200,", "\n2x0,", 1)), 0o644)
		}, `p.csv:202: column "i": "2x0" is not a number; correct the row, or take it out`},
		"cut":      {func(path string) error { return os.Truncate(path, 100) }, "p.csv: has changed since the training began: it ends after 100 bytes"},
		"vanished": {os.Remove, "p.csv: no such file or directory"},
		"longer":   {func(path string) error { return os.WriteFile(path, []byte(text+"1,2\n"), 0o644) }, ""},
	} {
		dir := written(t, map[string]string{"p.csv": text})
		set := streamed(t, streamedCSV("p.csv", Streaming{Window: 1000, Block: 1}), dir, 1)
		before := window(t, set, 1)
		if err := c.change(filepath.Join(dir, "p.csv")); err != nil {
			t.Fatal(err)
		}
		err := set.Stream.Window(t.Context(), 1, func(int, []float64) {})
		if c.want == "" {
			if err != nil || !reflect.DeepEqual(window(t, set, 1), before) {
				t.Errorf("%s: error %v, or another window", what, err)
			}
			continue
		}
		changed, ok := errors.AsType[*ChangedError](err)
		if want := filepath.Join(dir, c.want); !ok || (changed.Error() != want && what != "cut") || !strings.HasPrefix(changed.Error(), want) {
			t.Errorf("%s: error %v, want %s", what, err, want)
		}
	}
	dir := t.TempDir()
	if err := WriteNPY(filepath.Join(dir, "p.npy"), points, Float32); err != nil {
		t.Fatal(err)
	}
	set := streamed(t, &NPY{FileData: FileData{Path: "p.npy"}, Stream: &Streaming{Window: 200}}, dir, 1)
	points.Values[400]++
	if err := WriteNPY(filepath.Join(dir, "p.npy"), points, Float32); err != nil {
		t.Fatal(err)
	}
	var err error
	for k := range 3 {
		err = errors.Join(err, set.Stream.Window(t.Context(), k, func(int, []float64) {}))
	}
	if want := filepath.Join(dir, "p.npy: has changed since the training began: what it holds in rows 199 to 201 is not what it was"); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if err := set.Stream.Window(done, 0, func(int, []float64) {}); err != context.Canceled {
		t.Errorf("error %v of a context that is done", err)
	}
}

// A block larger than a window is refused.
func TestStreamingCheck(t *testing.T) {
	var got []string
	(&Streaming{Window: 10, Block: 11}).Check(func(key, problem string) { got = append(got, key+": "+problem) })
	if want := []string{"block: 11 rows are more than a window holds, 10: want at most those"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
