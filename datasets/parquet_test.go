package datasets

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"joule/internal/hostile"
)

type measured struct {
	Height *float64  `parquet:"height,optional"`
	Count  uint32    `parquet:"count"`
	Alive  bool      `parquet:"alive"`
	Colour string    `parquet:"colour,dict"`
	Price  int64     `parquet:"price,decimal(2:18)"`
	Width  float32   `parquet:"width,snappy"`
	At     time.Time `parquet:"at,timestamp"`
	Tags   []string  `parquet:"tags"`
}

func rowsOf(n int) (rows []measured) {
	for i := range n {
		height := float64(i) / 2
		r := measured{Height: &height, Count: uint32(i), Alive: i%2 == 0, Colour: []string{"red", "green", "blue"}[i%3], Price: int64(100*i + 5), Width: float32(i) / 4, At: time.Unix(int64(i), 0)}
		if i%4 == 3 {
			r.Height = nil
		}
		rows = append(rows, r)
	}
	return rows
}

func parquetOf(t testing.TB, rows []measured, options ...parquet.WriterOption) []byte {
	t.Helper()
	var buffer bytes.Buffer
	if err := parquet.Write(&buffer, rows, options...); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestParquet(t *testing.T) {
	s := NewParquet()
	s.Path, s.TestFraction = inFile(t, "p.parquet", string(parquetOf(t, rowsOf(3000), parquet.MaxRowsPerRowGroup(700)))), 0
	s.Missing, s.Categorical, s.Label = "drop", []string{"alive"}, "colour"
	set := mustLoad(t, s, 0)
	if want := []string{"height", "count", "alive=false", "alive=true", "price", "width"}; !slices.Equal(set.Columns, want) || set.Train.N != 2250 {
		t.Fatalf("%d points of %v, want 2250 of %v", set.Train.N, set.Columns, want)
	}
	for i := range set.Train.N {
		x := set.Train.Row(i)
		n := x[1]
		even := 1 - math.Mod(n, 2)
		if want := []float64{n / 2, n, 1 - even, even, n + 0.05, n / 4}; !slices.Equal(x, want) || math.Mod(n, 4) == 3 {
			t.Fatalf("point %v, want %v", x, want)
		}
		if want := []string{"red", "green", "blue"}[int(n)%3]; set.Labels.Classes[set.Labels.Train[i]] != want {
			t.Fatalf("point %v is not labelled %s", x, want)
		}
	}
	got, err := set.Encoding.Read(inFile(t, "new.parquet", string(parquetOf(t, rowsOf(2)))))
	if want := points([]float64{0, 0, 0, 1, 0.05, 0}, []float64{0.5, 1, 1, 0, 1.05, 0.25}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("new rows %v, %v; want %v", got, err, want)
	}
}

func TestParquetRefused(t *testing.T) {
	path := inFile(t, "p.parquet", string(parquetOf(t, rowsOf(9))))
	for _, c := range []struct {
		change func(*Parquet)
		want   string
	}{
		{func(*Parquet) {}, `p.parquet: row 4, column "height": the value is null, want a value; missing says what to do about it: drop, mean or median`},
		{func(s *Parquet) { s.Columns = []string{"colour"} }, `p.parquet: row 1, column "colour": "red" is text, want a number; categorical takes columns of text`},
		{func(s *Parquet) { s.Columns = []string{"tags"} }, `p.parquet: column "tags" is nested or repeated, and cannot be taken`},
		{func(s *Parquet) { s.Columns = []string{"heigth"} }, `p.parquet: there is no column "heigth", did you mean "height"?`},
		{func(s *Parquet) { s.Path = inFile(t, "p.parquet", "a,b\n1,2\n") }, `p.parquet: the file is too short for Parquet`},
		{func(s *Parquet) { s.Path = inFile(t, "p.parquet", string(parquetOf(t, nil))) }, `p.parquet: the file has no rows`},
	} {
		s := NewParquet()
		s.Path = path
		c.change(s)
		_, err := s.Load(Env{})
		wantErrorContaining(t, err, c.want)
	}
	times := NewParquet()
	times.Path, times.Columns, times.TestFraction = path, []string{"at"}, 0
	if set := mustLoad(t, times, 0); slices.Max(set.Train.Values) != 8000 {
		t.Errorf("times %v, want milliseconds", set.Train.Values)
	}
}

// parseParquet reads all columns of numbers.
func parseParquet(name string, content []byte) (Points, error) {
	p, _, err := pointsOf(readParquetFrom(name, bytes.NewReader(content), int64(len(content)), (&Table{Missing: missingDrop, Categorical: []string{"colour"}}).layout))
	return p, err
}

// Pages are compressed, so that the memory for a file is not in proportion to its size: the multiple is that of pages of the
// usual size.
func TestHostileParquet(t *testing.T) {
	hostile.Check(t, "p.parquet", 1<<14, func(content []byte) error {
		_, err := parseParquet("p.parquet", content)
		return err
	}, parquetOf(t, rowsOf(20)), parquetOf(t, rowsOf(300), parquet.DataPageVersion(1)))
}

// A footer that promises a list of two thousand million columns, or a name as long, costs nothing.
func TestPromisesOfParquet(t *testing.T) {
	for _, footer := range []string{"\x15\x04\x19\xfc\xff\xff\xff\xff\x07", "\x15\x04\x18\xff\xff\xff\xff\x07", "\x1b\xff\xff\xff\xff\x07\xcc"} {
		content := append([]byte(parquetMagic+footer), byte(len(footer)), 0, 0, 0, 'P', 'A', 'R', '1')
		hostile.Bounded(t, content, 1, func() {
			_, err := parseParquet("p.parquet", content)
			wantError(t, err, "p.parquet: the file is malformed: its footer ends within a value")
		})
	}
}

func FuzzParquet(f *testing.F) {
	f.Add([]byte{})
	f.Add(parquetOf(f, rowsOf(20)))
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := parseParquet("p.parquet", content); err != nil {
			hostile.CheckError(t, content, "p.parquet", err)
		}
	})
}
