package shell

import "testing"

// A line that begins with a sign of the macros is text all the same.
func TestRoff(t *testing.T) {
	if got, want := roff(".a\n'b\\c --d `e`"), `\&.a`+"\n"+`\&'b\ec \-\-d \(gae\(ga`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
