package tensorboard

import (
	"math"
	"path/filepath"
	"time"
)

// LastStep is the last step of which the event files of a folder tell scalars, none of which a later event has made void, and when it was;
// -1: of none. A file that is damaged tells what it does up to there.
func LastStep(folder string) (step int64, at time.Time, err error) {
	type told struct {
		step    int64
		seconds float64
	}
	var steps []told
	names, err := namesOf(folder)
	for _, name := range names {
		_ = readFile(filepath.Join(folder, name), func(event []byte) error { // where it is damaged, its end is not told
			fields, err := fieldsOf(event)
			step, seconds, isVoid, hasScalar := int64(0), 0.0, false, false
			for _, f := range fields {
				switch f.number {
				case eventTime:
					seconds = math.Float64frombits(f.bits)
				case eventStep:
					step = int64(f.bits)
				case eventSession:
					isVoid = true
				case eventSummary:
					hasScalar = holdsScalar(f.bytes)
				}
			}
			switch {
			case isVoid:
				for len(steps) > 0 && steps[len(steps)-1].step >= step {
					steps = steps[:len(steps)-1]
				}
			case hasScalar:
				steps = append(steps, told{step, seconds})
			}
			return err
		})
	}
	if len(steps) == 0 {
		return -1, at, err
	}
	last := steps[len(steps)-1]
	return last.step, time.UnixMicro(int64(last.seconds * 1e6)), err
}

// holdsScalar says whether a summary has a scalar among its values.
func holdsScalar(summary []byte) bool {
	values, _ := fieldsOf(summary) // what is damaged has none
	for _, v := range values {
		parts, _ := fieldsOf(v.bytes)
		for _, p := range parts {
			if v.number == summaryValue && p.number == valueScalar && p.bytes == nil {
				return true
			}
		}
	}
	return false
}
