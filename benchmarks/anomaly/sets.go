package main

import (
	"fmt"
	"math"
	"slices"

	"joule/datasets"
)

// task is a set of normal points and one of outliers, which no method sees before it is measured.
type task struct {
	name             string
	normal, outliers func() (datasets.Points, error)
	// isImage says that the columns are pixels, which have a scale in common; other columns have one each.
	isImage bool
}

// tasks are those of the tables.
var tasks = append(append([]task{
	{name: "breast cancer", normal: whole("breast_cancer_benign.csv"), outliers: whole("breast_cancer_malignant.csv")},
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
		list = append(list, task{title, of(func(c string) bool { return c == class }), of(func(c string) bool { return c != class }), isImage})
	}
	return list
}

// testFraction is the share of the normal points that is held out.
const testFraction = 0.4

// split is a task with its normal points dealt by a seed, in the coordinates that all methods get: standardised by the training
// part.
type split struct {
	set      *datasets.Set
	outliers datasets.Points
}

func (t task) split(seed int64) (*split, error) {
	normal, err := t.normal()
	if err != nil {
		return nil, err
	}
	outliers, err := t.outliers()
	if err != nil {
		return nil, err
	}
	train, test, err := datasets.Split(normal, testFraction, seed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	mean, std := train.Moments()
	if t.isImage { // many pixels are constant in one class, and not in others
		sum := 0.0
		for _, s := range std {
			sum += s * s / float64(len(std))
		}
		std = slices.Repeat([]float64{math.Sqrt(sum)}, len(std))
	}
	transform := &datasets.Standardizer{Mean: mean, Std: std}
	if err := transform.Validate(train.Dim); err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	set := &datasets.Set{Train: transform.Apply(train), Test: transform.Apply(test), Transform: transform}
	return &split{set, transform.Apply(outliers)}, nil
}
