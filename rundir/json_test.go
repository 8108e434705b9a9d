package rundir

import (
	"testing"
)

func TestBadDocuments(t *testing.T) {
	run := newRun(t)
	for _, test := range []struct{ text, want string }{
		{``, `:1: unexpected end of JSON input`},
		{"{\n\"format\": 1,\n}", `:3: invalid character '}' looking for beginning of object key string`},
		{`[]`, `:1: the document is a JSON array, which does not fit`},
		{`{"format": "1"}`, `:1: format is a JSON string, which does not fit`},
		{`{"status": "completed"}`, `: has no format number, and should have format 1`},
		{`{"format": 0}`, `: has format 0; formats count from 1`},
		{`{"format": 99, "status": [1]}`, `: has format 99, and this version of joule reads up to format 1: use a newer joule`},
		{"{\"format\": 1,\n\"step\": \"ten\"}", `:2: step is a JSON string, which does not fit`},
		{"{\"format\": 1,\n\"step\": 1.5}", `:2: step is a JSON number 1.5, which does not fit`},
		{`{"format": 1, "status": "done"}`, `: status: "done" is not completed, failed or interrupted`},
		{`{"format": 1, "status": "failed", "step": -1}`, `: step: -1 is negative`},
		{`{"format": 1, "status": "failed"} x`, `:1: invalid character 'x' after top-level value`},
	} {
		put(t, run, resultFile, test.text)
		if _, err := run.Result(); message(err) != run.path(resultFile)+test.want {
			t.Errorf("%s: error %v; want %s", test.text, err, test.want)
		}
	}
}

func TestUnknownKeysAreLeftAlone(t *testing.T) {
	run := newRun(t)
	put(t, run, resultFile, `{"format": 1, "status": "completed", "step": 3, "joules": 7}`)
	if got, err := run.Result(); err != nil || got.Step != 3 {
		t.Errorf("%+v, %v; want step 3", got, err)
	}
}
