package marked

import "testing"

func TestBetween(t *testing.T) {
	p := By("make x")
	text := "before\n" + p.Begin + "\nold\n" + p.End + "\nafter\n"
	want := "before\n" + p.Begin + "\n\nnew\n\n" + p.End + "\nafter\n"
	got, err := p.Between(text, "\nnew\n")
	if err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	if again, err := p.Between(got, "new"); err != nil || again != want {
		t.Errorf("a second time: %q, %v", again, err)
	}
	for _, bad := range []string{"", p.Begin, p.End + p.Begin, text + text} {
		if _, err := p.Between(bad, "new"); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}
