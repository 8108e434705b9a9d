package plots_test

import (
	"fmt"
	"os"
	"path/filepath"

	"joule/plots"
)

// A field is evaluated at the centers of its cells, here with the energy of a
// ring of radius 2.
func ExampleEnergyMap() {
	folder, err := os.MkdirTemp("", "plots")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)

	energy := plots.Field{XMin: -3, XMax: 3, YMin: -3, YMax: 3, NX: 60, NY: 60}
	centers := energy.Centers()
	for i, x := range centers.X {
		y := centers.Y[i]
		energy.Values = append(energy.Values, (x*x+y*y-4)*(x*x+y*y-4))
	}
	figure := plots.EnergyMap{Title: "ring", Energy: energy, Contours: true}
	fmt.Println(figure.Save(filepath.Join(folder, "ring.png")))
	// Output:
	// <nil>
}
