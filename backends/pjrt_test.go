package backends

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// HeaderAPI is what the header in go-xla's module says.
func TestHeaderAPI(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/gomlx/go-xla").Output()
	if err != nil {
		t.Fatal(err)
	}
	header, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "pjrt", "pjrt_c_api.h"))
	if err != nil {
		t.Fatal(err)
	}
	number := func(name string) string {
		m := regexp.MustCompile(`(?m)^#define PJRT_API_` + name + ` (\d+)$`).FindSubmatch(header)
		if m == nil {
			t.Fatalf("the header has no %s version", name)
		}
		return string(m[1])
	}
	if got := number("MAJOR") + "." + number("MINOR"); got != HeaderAPI {
		t.Errorf("go-xla's header is of version %s, and HeaderAPI is %s", got, HeaderAPI)
	}
}
