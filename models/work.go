package models

// Shared is implemented by energies whose parameters are used in several places, as kernels are, and by those with others within.
type Shared interface {
	// Multiplications is by how many numbers the network multiplies for a point of dim coordinates.
	Multiplications(dim int) (int, error)
}

// Multiplications is by about how many numbers a network multiplies for a point of dim coordinates: by every parameter once,
// unless it is Shared. An error says which setting does not fit dim.
func Multiplications(model Energy, dim int) (int, error) {
	if shared, ok := model.(Shared); ok {
		return shared.Multiplications(dim)
	}
	parameters, err := model.Parameters(dim)
	return Count(parameters), err
}
