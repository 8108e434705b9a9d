package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A follower sees each row once, when its line is whole, and all of them again where the journal is another one.
func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	f := Follow(path)
	next := func() (heads []string, again bool) {
		t.Helper()
		again, err := f.Next(func(h Head) { heads = append(heads, fmt.Sprint(h.Key, h.Status, h.Seconds)) })
		if err != nil {
			t.Fatal(err)
		}
		return heads, again
	}
	if heads, again := next(); heads != nil || again {
		t.Errorf("%v, %v of no journal", heads, again)
	}
	journal, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	a, b := &Row{Key: "a", Status: Completed, Metrics: map[string]float64{"seconds": 2.5}}, &Row{Key: "b", Status: Crashed, Reason: "{\"key\":\"c\"}\n"}
	if err := journal.Append(a); err != nil {
		t.Fatal(err)
	}
	if heads, _ := next(); !slices.Equal(heads, []string{"acompleted2.5"}) {
		t.Errorf("%v", heads)
	}
	if err := journal.Append(b, a); err != nil {
		t.Fatal(err)
	}
	if heads, again := next(); !slices.Equal(heads, []string{"bcrashed0", "acompleted2.5"}) || again {
		t.Errorf("%v, %v", heads, again)
	}
	if err := os.WriteFile(path, []byte(`{"key":"n","status":"failed"}`+"\n"+`{"key":"o","sta`), 0o644); err != nil {
		t.Fatal(err)
	}
	if heads, again := next(); !slices.Equal(heads, []string{"nfailed0"}) || !again {
		t.Errorf("%v, %v of another journal", heads, again)
	}
	if err := os.WriteFile(path, []byte(`{"key":"n","status":"failed"}`+"\nno row\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Next(func(Head) {}); err == nil || !strings.HasPrefix(err.Error(), path+": at byte 30: is no row: ") {
		t.Errorf("error %v", err)
	}
}

func TestPlan(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadPlan(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v of no plan", err)
	}
	want := Plan{Suite: "s", Started: time.Unix(1700000000, 0).UTC(), Done: 1, Jobs: 2, Keys: []string{"a", "b"}}
	if err := WritePlan(dir, want); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadPlan(dir); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, %v", got, err)
	}
	path := filepath.Join(dir, PlanFile)
	for text, want := range map[string]string{"{": path + ": ", "{}": path + ": has no format", `{"format":2}`: path + ": has format 2, and"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadPlan(dir); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
