package datasets

import "math"

// references are densities written down once more, without anything that makes them fast or stable.
var references = map[string]func(x []float64) float64{
	"eight_gaussians": func(x []float64) (p float64) {
		for k := range 8 {
			angle := 2 * math.Pi * float64(k) / 8
			p += normal(x[0]-math.Sqrt(8)*math.Cos(angle), 0.2) * normal(x[1]-math.Sqrt(8)*math.Sin(angle), 0.2) / 8
		}
		return p
	},
	"simplex_mixture": func(x []float64) (p float64) { // the corners lie somewhere on a circle
		for k := range 3 {
			mean := simplex(2, 3, 6)[k]
			p += normal(x[0]-mean[0], 1) * normal(x[1]-mean[1], 1) / 3
		}
		return p
	},
	"rings": func(x []float64) (p float64) {
		for _, r := range []float64{0.75, 1.5, 2.25, 3} {
			p += along(x, 0, 2*math.Pi, 0.08, func(t float64) (a, b, weight float64) {
				return r * math.Cos(t), r * math.Sin(t), 1 / (8 * math.Pi)
			})
		}
		return p
	},
	"pinwheel": func(x []float64) (p float64) {
		for k := range 5 {
			angle := 2*math.Pi*float64(k)/5 + 0.25*math.Exp(math.Hypot(x[0], x[1])/2)
			c, s := math.Cos(angle), math.Sin(angle)
			p += normal((x[0]*c-x[1]*s)/2-1, 0.3) * normal((x[0]*s+x[1]*c)/2, 0.05) / 5 / 4
		}
		return p
	},
	"two_moons": func(x []float64) float64 {
		outer := along(x, 0, math.Pi, 0.2, func(t float64) (a, b, weight float64) {
			return 2*math.Cos(t) - 1, 2*math.Sin(t) - 0.2, 0.5 / math.Pi
		})
		return outer + along(x, 0, math.Pi, 0.2, func(t float64) (a, b, weight float64) {
			return 2*(1-math.Cos(t)) - 1, 2*(0.5-math.Sin(t)) - 0.2, 0.5 / math.Pi
		})
	},
	"swiss_roll": func(x []float64) float64 {
		return along(x, 0, 1, 0.2, func(u float64) (a, b, weight float64) {
			t := 1.5 * math.Pi * (1 + 2*u)
			return t * math.Cos(t) / 5, t * math.Sin(t) / 5, 1
		})
	},
	"spirals": func(x []float64) (p float64) {
		for _, sign := range []float64{-1, 1} {
			p += along(x, 0, 1, 0.1, func(root float64) (a, b, weight float64) {
				t := 3 * math.Pi * root
				return sign * t * math.Cos(t) / 3, sign * t * math.Sin(t) / 3, root // half of d(root²)
			})
		}
		return p
	},
	"funnel": func(x []float64) float64 { return normal(x[0], 3) * normal(x[1], math.Exp(x[0]/2)) },
	"banana": func(x []float64) float64 { return normal(x[0], 2) * normal(x[1]-0.25*(x[0]*x[0]-4), 0.5) },
	"checkerboard": func(x []float64) float64 {
		i, j := math.Floor(x[0]/2), math.Floor(x[1]/2)
		if math.Abs(x[0]) < 4 && math.Abs(x[1]) < 4 && math.Mod(i+j, 2) == 0 {
			return 1. / 32
		}
		return 0
	},
}

func normal(x, std float64) float64 { return math.Exp(-x*x/(2*std*std)) / (std * math.Sqrt(2*math.Pi)) }

// along is the integral of weight·N(x; point, std² I) over t, by Simpson's rule.
func along(x []float64, from, to, std float64, curve func(t float64) (a, b, weight float64)) (p float64) {
	const intervals = 40000
	for i := range intervals + 1 {
		a, b, weight := curve(from + (to-from)*float64(i)/intervals)
		simpson := float64(2 + 2*(i%2))
		if i == 0 || i == intervals {
			simpson = 1
		}
		p += simpson / 3 * weight * normal(x[0]-a, std) * normal(x[1]-b, std)
	}
	return p * (to - from) / intervals
}
