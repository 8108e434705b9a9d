package conformance

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
	"joule/trainers"
)

func sm(s scope) values {
	var settings struct {
		Optimizer *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return trainers.NewSM().Loss(net, s.x())
	})
}

func ssm(s scope) values {
	var settings struct {
		VarianceReduced bool             `json:"variance_reduced"`
		Optimizer       *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	method := &trainers.SSM{VarianceReduced: settings.VarianceReduced}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, s.x(), []*graph.Node{s.need("projections", s.points(), s.dim())})
	})
}

func fdsm(s scope) values {
	var settings struct {
		Epsilon   float64          `json:"epsilon"`
		Optimizer *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	demand(settings.Epsilon > 0, "settings.epsilon is %v; want a positive number", settings.Epsilon)
	method := &trainers.FDSM{Epsilon: settings.Epsilon}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, s.x(), []*graph.Node{s.need("projections", s.points(), s.dim())})
	})
}

func ksd(s scope) values {
	var settings struct {
		Kernel    string           `json:"kernel"`
		Bandwidth float64          `json:"bandwidth"`
		Exponent  float64          `json:"exponent"`
		Statistic string           `json:"statistic"`
		Optimizer *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	demand(settings.Bandwidth > 0, "settings.bandwidth is %v; want a positive number", settings.Bandwidth)
	demand(settings.Kernel == "imq" || settings.Kernel == "rbf", "settings.kernel %q is not known; known: imq, rbf", settings.Kernel)
	demand(settings.Kernel == "rbf" || settings.Exponent > -1 && settings.Exponent < 0, "settings.exponent is %v; kernel imq needs one between -1 and 0", settings.Exponent)
	demand(settings.Statistic == "u" || settings.Statistic == "v", "settings.statistic %q is not known; known: u, v", settings.Statistic)
	demand(settings.Statistic == "v" || s.points() > 1, "settings.statistic u needs two points or more")
	method := &trainers.KSD{Kernel: settings.Kernel, Exponent: settings.Exponent, Statistic: settings.Statistic}
	bandwidth := graph.Scalar(s.graph, s.dtype, settings.Bandwidth)
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, s.x(), bandwidth)
	})
}
