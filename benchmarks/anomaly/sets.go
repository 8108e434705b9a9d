package main

import (
	"context"
	"math"
	"slices"

	"joule/datasets"
	"joule/metrics"
)

// task is a set of normal points, and outliers, which no method sees before it is measured.
type task struct {
	name string
	// outliers names the sets of outliers where there are several, which are told by the same training.
	outliers []string
	// deal deals the points by a seed, in the units that they come in.
	deal func(ctx context.Context, seed int64) (*split, error)
	// isImage says that the coordinates are pixels, which have a scale in common; others have one each.
	isImage bool
	// most is how many splits there are at most; 0: as many as are asked for.
	most int
}

// columns are what the tables call the task, once for each set of outliers.
func (t task) columns() []string {
	if t.outliers == nil {
		return []string{t.name}
	}
	var names []string
	for _, name := range t.outliers {
		names = append(names, t.name+" "+name)
	}
	return names
}

// tasks are those of the tables.
var tasks = append(append([]task{
	{name: "breast cancer", deal: shared(whole("breast_cancer_benign.csv"), whole("breast_cancer_malignant.csv"))},
}, oneClass("wine", "wine.csv", false, "class_0", "class_1", "class_2")...),
	oneClass("", "digits.csv", true, "digit 5", "digit 6", "digit 7", "digit 8", "digit 9")...)

// development are the tasks that the settings of configs/anomaly were chosen on: none of them is in the tables.
var development = append(oneClass("iris", "iris.csv", false, "setosa", "versicolor", "virginica"),
	oneClass("", "digits.csv", true, "digit 0", "digit 1", "digit 2", "digit 3", "digit 4")...)

// whole is an embedded file.
func whole(file string) func() (datasets.Points, error) {
	return func() (datasets.Points, error) {
		points, _, err := datasets.ReadPoints("builtin:" + file)
		return points, err
	}
}

// oneClass are the tasks of telling each of some classes of an embedded file from all the others.
func oneClass(name, file string, isImage bool, classes ...string) (list []task) {
	of := func(isWanted func(class string) bool) func() (datasets.Points, error) {
		return func() (datasets.Points, error) {
			points, _, labels, err := datasets.ReadLabelled("builtin:"+file, "class")
			if err != nil {
				return datasets.Points{}, err
			}
			var rows []int
			for i, class := range labels {
				if isWanted(class) {
					rows = append(rows, i)
				}
			}
			return points.Rows(rows), nil
		}
	}
	for _, class := range classes {
		title := class
		if name != "" {
			title = name + " " + class
		}
		deal := shared(of(func(c string) bool { return c == class }), of(func(c string) bool { return c != class }))
		list = append(list, task{name: title, deal: deal, isImage: isImage})
	}
	return list
}

// testFraction is the share of the normal points that is held out.
const testFraction = 0.4

// shared deals the normal points, and leaves all the outliers for testing.
func shared(normal, outliers func() (datasets.Points, error)) func(context.Context, int64) (*split, error) {
	return func(_ context.Context, seed int64) (*split, error) {
		inside, err := normal()
		if err != nil {
			return nil, err
		}
		outside, err := outliers()
		if err != nil {
			return nil, err
		}
		train, test, err := datasets.Split(inside, testFraction, seed)
		return &split{&datasets.Set{Train: train, Test: test}, []datasets.Points{outside}}, err
	}
}

// split is a task with its normal points dealt by a seed.
type split struct {
	set      *datasets.Set
	outliers []datasets.Points
}

// split deals the points in the coordinates that all methods get: standardised by the training part.
func (t task) split(ctx context.Context, seed int64) (*split, error) {
	s, err := t.deal(ctx, seed)
	if err != nil {
		return nil, err
	}
	mean, std := s.set.Train.Moments()
	if t.isImage { // many pixels are constant in one class, and not in others
		sum := 0.0
		for _, s := range std {
			sum += s * s / float64(len(std))
		}
		std = slices.Repeat([]float64{math.Sqrt(sum)}, len(std))
	}
	transform := &datasets.Standardizer{Mean: mean, Std: std}
	if err := transform.Validate(s.set.Train.Dim); err != nil {
		return nil, err
	}
	set := &datasets.Set{Train: transform.Apply(s.set.Train), Test: transform.Apply(s.set.Test), Transform: transform}
	standardised := &split{set: set}
	for _, outliers := range s.outliers {
		standardised.outliers = append(standardised.outliers, transform.Apply(outliers))
	}
	return standardised, nil
}

// points are those to be scored: the normal ones that are held out, and then the outliers, set by set.
func (s *split) points() datasets.Points {
	all := s.set.Test
	for _, outliers := range s.outliers {
		all.N, all.Values = all.N+outliers.N, slices.Concat(all.Values, outliers.Values)
	}
	return all
}

// detections measure scores of the points of some splits: for each set of outliers a measurement a split.
func detections(splits []*split, scores [][]float64) ([][]*metrics.Detection, error) {
	found := make([][]*metrics.Detection, len(splits[0].outliers))
	for i, s := range splits {
		normal, rest := scores[i][:s.set.Test.N], scores[i][s.set.Test.N:]
		for k, outliers := range s.outliers {
			d, err := metrics.Detect(normal, rest[:outliers.N])
			if err != nil {
				return nil, err
			}
			found[k], rest = append(found[k], d), rest[outliers.N:]
		}
	}
	return found, nil
}
