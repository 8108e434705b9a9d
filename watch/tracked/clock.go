package tracked

import (
	"slices"
	"time"

	"joule/rundir"
)

// Clock says when the steps of a run were made: its files have the speeds alone. What it says of a step does not change when more are
// made.
type Clock struct {
	from  time.Time
	steps []int64
	// Times are those of the records.
	Times []time.Time
	rate  float64 // steps a second, as last logged; 0: none was
}

// NewClock goes by the times at which a run was started and went on, and by the speeds of its records.
func NewClock(environment rundir.Environment, records []rundir.Record) Clock {
	c := Clock{from: environment.Started}
	now, step, resumed := environment.Started, int64(0), environment.Resumed
	for _, r := range records {
		for len(resumed) > 0 && resumed[0].Step < r.Step {
			if resumed[0].At.After(now) && resumed[0].Step >= step {
				now, step = resumed[0].At, resumed[0].Step
			}
			resumed = resumed[1:]
		}
		if rate := r.Values["steps_per_second"]; rate > 0 {
			c.rate = rate
		}
		now, step = now.Add(c.after(r.Step-step)), r.Step
		c.steps, c.Times = append(c.steps, step), append(c.Times, now)
	}
	return c
}

// after is how long so many steps take.
func (c *Clock) after(steps int64) time.Duration {
	if c.rate <= 0 {
		return 0
	}
	return time.Duration(float64(steps) / c.rate * float64(time.Second))
}

// At is when a step was made.
func (c *Clock) At(step int64) time.Time {
	i, isExact := slices.BinarySearch(c.steps, step)
	switch {
	case isExact:
		return c.Times[i]
	case i == 0:
		return c.from.Add(c.after(step))
	}
	return c.Times[i-1].Add(c.after(step - c.steps[i-1]))
}
