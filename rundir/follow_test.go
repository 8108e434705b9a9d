package rundir

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// appendText writes to the metrics as a process does that is in the middle of a line.
func appendText(t *testing.T, run *Run, text string) {
	t.Helper()
	file, err := os.OpenFile(run.path(metricsFile), os.O_WRONLY|os.O_APPEND, 0o644)
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
}

func stepsIn(t *testing.T, f *Follower) string {
	t.Helper()
	records, err := f.Records()
	if err != nil {
		t.Fatal(err)
	}
	var list []int64
	for _, r := range records {
		list = append(list, r.Step)
	}
	return fmt.Sprint(list)
}

// What is appended is read, half a line once it is whole, and what is taken back is gone.
func TestFollow(t *testing.T) {
	run := newRun(t)
	f := run.Follow(3)
	want := func(what, steps string) {
		t.Helper()
		if got := stepsIn(t, f); got != steps {
			t.Errorf("%s: %s, want %s", what, got, steps)
		}
	}
	want("a new run", "[]")
	loss := map[string]float64{"loss": 1}
	appendAll(t, run, Record{1, loss}, Record{2, loss})
	want("two records", "[1 2]")
	want("the same", "[1 2]")
	appendText(t, run, `{"step":3,"lo`)
	want("half a line", "[1 2]")
	appendText(t, run, "ss\":1}\n")
	want("the other half", "[1 2 3]")
	appendText(t, run, "this is no record\n")
	appendAll(t, run, Record{4, loss})
	want("a bad line and a fourth record", "[2 3 4]")
	appendAll(t, run, Record{5, loss}, Record{6, loss}, Record{7, loss}, Record{8, loss})
	want("more than are kept", "[6 7 8]")
	if err := os.Remove(run.path(metricsFile)); err != nil {
		t.Fatal(err)
	}
	want("no file", "[]")
	appendAll(t, run, Record{1, loss}, Record{2, loss}, Record{7, loss})
	want("a new file", "[1 2 7]")
	if err := run.TruncateMetrics(1); err != nil {
		t.Fatal(err)
	}
	want("a rollback", "[1]")
}

// Of a long file the end alone is read.
func TestFollowReadsTheEnd(t *testing.T) {
	run := newRun(t)
	appendAll(t, run, Record{Step: 0})
	var text strings.Builder
	for step := 1; text.Len() < 10*tailBytes; step++ {
		fmt.Fprintf(&text, "{\"step\":%d}\n", step)
	}
	appendText(t, run, text.String()+`{"step":999999999}`+"\n"+`{"st`)
	f := run.Follow(1 << 20)
	records, err := f.Records()
	if n := len(records); err != nil || n < 100 || n > tailBytes/10 || records[n-1].Step != 999999999 || records[n-2].Step != records[0].Step+int64(n)-2 {
		t.Fatalf("%d records, %v", n, err)
	}
	// The same where much has come since.
	appendText(t, run, "ep\":1}\n"+text.String())
	if records, err = f.Records(); err != nil || len(records) < 100 || len(records) > tailBytes/10 {
		t.Errorf("%d records, %v", len(records), err)
	}
}

// Whatever the file is, following it neither hangs nor fails otherwise than by an error that names it.
func TestFollowWhatIsNoFile(t *testing.T) {
	run := newRun(t)
	if err := os.Remove(run.path(metricsFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(run.path(metricsFile), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Follow(3).Records(); err == nil || !strings.Contains(err.Error(), run.path(metricsFile)) {
		t.Errorf("error %v of a folder", err)
	}
}
