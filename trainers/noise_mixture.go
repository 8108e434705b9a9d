package trainers

import (
	"fmt"

	"joule/datasets"
)

// MixtureNoise is a mixture of Gaussians with full covariances, fitted to the training points and then widened:
//
//	p_n = (1 − b)·Σₖ wₖ N(μₖ, s²Σₖ) + b·N(μ, r² diag σ²)
//
// where μ and σ are the mean and the standard deviation of the data. The second part is there so that the noise covers
// what lies between and around the components.
type MixtureNoise struct {
	// Components is the number of Gaussians fitted.
	Components int `yaml:"components" check:"> 0, <= 1000"`
	// Scale is s, what the standard deviations of the components are multiplied by.
	Scale float64 `yaml:"scale" check:"> 0"`
	// Broad is b, the share of the broad Gaussian.
	Broad float64 `yaml:"broad" check:">= 0, < 1"`
	// BroadScale is r, its standard deviation in multiples of the data's, coordinate by coordinate.
	BroadScale float64 `yaml:"broad_scale" check:"> 0"`
}

// NewMixtureNoise returns the default settings but for the number of components, which has to be said.
func NewMixtureNoise() *MixtureNoise { return &MixtureNoise{Scale: 1.2, Broad: 0.1, BroadScale: 2} }

// Fit implements Noise. The fit depends on the training points alone.
func (n *MixtureNoise) Fit(p Problem) (NoiseDensity, error) { return fitEach(p, n.fit) }

// Noise need not be fitted exactly: to so many points, or more where there are many components.
const (
	mixturePoints = 5000
	eachNumber    = 20 // points for each number of the means
	mixtureSeed   = 1  // of the starts of the fit
)

func (n *MixtureNoise) fit(train datasets.Points) (*datasets.Mixture, error) {
	mean, std := train.Moments()
	if enough := max(mixturePoints, eachNumber*n.Components*(train.Dim+1)); train.N > enough { // in random order, as the split has left them
		train = datasets.Points{N: enough, Dim: train.Dim, Values: train.Values[:enough*train.Dim]}
	}
	fitted, err := datasets.FitMixtureRoughly(train, n.Components, mixtureSeed)
	if err != nil {
		return nil, fmt.Errorf("method.noise: %w", err)
	}
	weights, means, covariances := []float64{}, fitted.Means, [][][]float64{}
	for k, weight := range fitted.Weights {
		weights = append(weights, (1-n.Broad)*weight)
		covariances = append(covariances, scaled(fitted.Covariances[k], n.Scale*n.Scale))
	}
	if n.Broad > 0 {
		weights, means = append(weights, n.Broad), append(means[:len(means):len(means)], mean)
		covariances = append(covariances, diagonal(std, n.BroadScale))
	}
	widened, err := datasets.NewMixture(weights, means, covariances)
	if err != nil {
		return nil, fmt.Errorf("method.noise: %w", err)
	}
	return widened, nil
}

// scaled is a matrix times a number.
func scaled(matrix [][]float64, by float64) [][]float64 {
	product := make([][]float64, len(matrix))
	for i, row := range matrix {
		for _, v := range row {
			product[i] = append(product[i], by*v)
		}
	}
	return product
}

// diagonal is the covariance of independent coordinates with so many times these standard deviations.
func diagonal(std []float64, scale float64) [][]float64 {
	matrix := make([][]float64, len(std))
	for i, s := range std {
		matrix[i] = make([]float64, len(std))
		matrix[i][i] = scale * scale * s * s
	}
	return matrix
}
