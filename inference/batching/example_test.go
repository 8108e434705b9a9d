package batching_test

import (
	"context"
	"fmt"
	"sync"

	"joule/inference/batching"
)

// Four callers at once, each of whom gets the values of its own points.
func Example() {
	squares := func(points []float64) ([]float64, error) { // of a model it is its Energies
		values := make([]float64, len(points))
		for i, x := range points {
			values[i] = x * x
		}
		return values, nil
	}
	b, err := batching.New(1, 1, squares, batching.NewSettings())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	got := make([][]float64, 4)
	var group sync.WaitGroup
	for i := range got {
		group.Go(func() {
			got[i], _ = b.Do(context.Background(), []float64{float64(i), 10})
		})
	}
	group.Wait()
	fmt.Println(got)
	// Output: [[0 100] [1 100] [4 100] [9 100]]
}
