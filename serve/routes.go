package serve

import (
	"context"
	"fmt"
	"math"
	"net/http"

	"joule/datasets"
)

// route is a question that can be asked.
type route struct {
	path    string // asked by POST where it has fields, by GET otherwise
	summary string
	fields  []field
	// isAbout says that it is about points, which come by one of the fields.
	isAbout bool
	// takesNPY says that the body may also be an array of points.
	takesNPY bool
	defaults request
	// check reports what is wrong with a request across its fields.
	check func(s *Server, q *request) error
	// answer makes what is encoded as JSON.
	answer func(ctx context.Context, q *request) (any, error)
	// answers is the schema of the answer.
	answers schema
	// absent is why the route cannot be asked of this model; empty: it can.
	absent string
}

// method is that of the route's requests.
func (r *route) method() string {
	if r.fields == nil {
		return http.MethodGet
	}
	return http.MethodPost
}

// types are the media types that the route takes.
func (r *route) types() []string {
	if r.takesNPY {
		return []string{jsonType, npyType, bytesType}
	}
	return []string{jsonType}
}

// allRoutes are the routes, those that this model cannot answer among them.
func (s *Server) allRoutes() []*route {
	m := s.model
	points := []field{
		{"points", s.pointsSchema(), s.takePoints("points", false)},
		{"rows", s.rowsSchema(), s.takePoints("rows", true)},
	}
	about := func(path, summary string, answers schema, answer func(ctx context.Context, q *request) (any, error)) *route {
		return &route{path: path, summary: summary, fields: points, isAbout: true, takesNPY: s.fitsArray(), check: (*Server).checkPoints, answer: answer, answers: answers}
	}
	coordinates := schema{"type": "array", "items": text, "description": "what the numbers of a point are called"}
	all := []*route{
		{path: "/v1/model", summary: "What the model is, and what its points have to be.", answers: s.infoSchema(),
			answer: func(context.Context, *request) (any, error) { return s.info(), nil }},
		about("/v1/energy", "E(x) of points.", object(schema{"energies": each(number)}),
			func(ctx context.Context, q *request) (any, error) {
				energies, err := s.scorer.Energies(ctx, q.points)
				return map[string]any{"energies": numbers(energies)}, err
			}),
		about("/v1/score", "∇ log p(x) of points, in the units of the data.", object(schema{"coordinates": coordinates, "scores": each(each(number))}),
			func(ctx context.Context, q *request) (any, error) {
				scores, err := s.scorer.Scores(ctx, q.points)
				return map[string]any{"coordinates": m.Encoding.Coordinates(), "scores": rows{scores, q.points.Dim}}, err
			}),
		s.logDensityRoute(about), s.anomalyRoute(about), s.denoiseRoute(about), s.sampleRoute(),
	}
	return all
}

// about makes a route that is about points.
type about = func(path, summary string, answers schema, answer func(ctx context.Context, q *request) (any, error)) *route

func (s *Server) logDensityRoute(about about) *route {
	z := s.model.LogZ
	r := about("/v1/log-density", "log p(x) = −E(x) − log Z of points, in nats and in the units of the data.",
		object(schema{"log_densities": each(number), "log_z": number, "log_z_standard_error": number}),
		func(ctx context.Context, q *request) (any, error) {
			densities, err := s.scorer.LogDensities(ctx, q.points, z.LogZ)
			return map[string]any{"log_densities": numbers(densities), "log_z": z.LogZ, "log_z_standard_error": z.StandardError}, err
		})
	if z == nil {
		r.absent = "log Z is not known; joule serve --log-density finds it"
	}
	return r
}

func (s *Server) anomalyRoute(about about) *route {
	a := s.model.Anomaly
	r := about("/v1/anomaly", "How unlike the data points are: a score, higher for what is more anomalous, the percentage of the training points with a lower one, and whether it is above the threshold.",
		object(schema{"scores": each(number), "percentiles": each(number), "anomalies": each(schema{"type": "boolean"}),
			"score": text, "threshold": number, "false_positive_rate": number}),
		func(ctx context.Context, q *request) (any, error) {
			evaluate := s.scorer.EnergiesAt
			if a.Score.BySlopes() {
				evaluate = s.scorer.ScoresAt
			}
			values, err := evaluate(ctx, s.model.Transform.Apply(q.points))
			if err != nil {
				return nil, err
			}
			scores := a.Score.Of(values)
			percentiles, anomalies := make(numbers, len(scores)), make([]bool, len(scores))
			for i, x := range scores {
				// What single precision cannot hold is no point of the data.
				percentiles[i], anomalies[i] = 100, true
				if !math.IsNaN(x) && !math.IsInf(x, 0) {
					percentiles[i], anomalies[i] = a.Score.Percentile(x), x > a.Threshold
				}
			}
			return map[string]any{"scores": numbers(scores), "percentiles": percentiles, "anomalies": anomalies,
				"score": a.Name, "threshold": a.Threshold, "false_positive_rate": a.Rate}, nil
		})
	if a == nil {
		r.absent = "there is no threshold; joule serve --anomaly finds it"
	}
	return r
}

func (s *Server) denoiseRoute(about about) *route {
	sigma := s.model.Sigma
	r := about("/v1/denoise", "What points were before normal noise of the model's standard deviation was added to them: x + σ²∇ log p(x).",
		object(schema{"coordinates": each(text), "points": each(each(number)), "sigma": number}),
		func(ctx context.Context, q *request) (any, error) {
			clean, err := s.scorer.Denoised(ctx, q.points, sigma)
			return map[string]any{"coordinates": s.model.Encoding.Coordinates(), "points": rows{clean.Values, clean.Dim}, "sigma": sigma}, err
		})
	if sigma == 0 {
		r.absent = "the energy stands for points without noise; joule denoise takes noise off by descent"
	}
	return r
}

func (s *Server) sampleRoute() *route {
	most := int64(s.settings.MaxSamples)
	r := &route{path: "/v1/sample", summary: "Points of the model, from Markov chains: those of joule sample with the same number and seed.",
		defaults: request{n: 1},
		fields: []field{
			{"n", schema{"type": "integer", "minimum": 1, "maximum": most, "default": 1, "description": "number of points"},
				func(q *request, value []byte) error {
					n, err := whole(value, 1, most)
					q.n = int(n)
					return err
				}},
			{"seed", schema{"type": "integer", "minimum": math.MinInt32, "maximum": math.MaxInt32, "default": 0, "description": "seed of the chains"},
				func(q *request, value []byte) (err error) {
					q.seed, err = whole(value, math.MinInt32, math.MaxInt32)
					return err
				}},
		},
		check: (*Server).checkDraw,
		answers: object(schema{"columns": each(text),
			"points": each(each(schema{"type": []string{"number", "string", "null"}}))}),
		answer: s.sample}
	if s.model.Draw == nil {
		r.absent = "points are not drawn by this server"
	}
	return r
}

// checkDraw reports a number of points that cannot be drawn.
func (s *Server) checkDraw(q *request) error {
	if s.model.CanDraw == nil {
		return nil
	}
	if err := s.model.CanDraw(q.n); err != nil {
		return fmt.Errorf("n: %d: %w", q.n, err)
	}
	return nil
}

// sample draws points, one request after another. What is being drawn cannot be broken off: whoever does not wait for it leaves it to
// itself.
func (s *Server) sample(ctx context.Context, q *request) (any, error) {
	select {
	case s.drawing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	type drawn struct {
		points datasets.Points
		err    error
	}
	done := make(chan drawn, 1)
	s.drawn.Go(func() {
		defer func() { <-s.drawing }()
		points, err := s.draw(q.n, q.seed)
		done <- drawn{points, err}
	})
	select {
	case d := <-done:
		if d.err != nil {
			return nil, d.err
		}
		return map[string]any{"columns": s.model.Encoding.Names(), "points": s.decoded(d.points)}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// draw draws points. A panic is an error of the request alone.
func (s *Server) draw(n int, seed int64) (points datasets.Points, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("drawing panicked: %v", r)
		}
	}()
	return s.model.Draw(n, seed)
}

// decoded are points as requests have them: a value for each column, of categories by name.
func (s *Server) decoded(points datasets.Points) any {
	e := s.model.Encoding
	if !e.HasCategories() {
		return rows{points.Values, points.Dim}
	}
	values := e.Decode(points)
	list := make([][]any, values.N)
	for i := range list {
		for k, v := range values.Row(i) {
			if e.Columns[k].Categories != nil {
				list[i] = append(list[i], e.Columns[k].Categories[int(v)])
			} else {
				list[i] = append(list[i], single(v))
			}
		}
	}
	return list
}
