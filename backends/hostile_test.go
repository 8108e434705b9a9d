package backends

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"joule/internal/hostile"
)

// bound is how many bytes may be allocated for each of a file.
const bound = 64

// tinyPlugin returns an ELF file with one segment and a table of symbols of the names given, which passes for a plugin if
// GetPjrtApi is among them.
func tinyPlugin(names ...string) []byte {
	text := "\x00" + strings.Join(names, "\x00") + "\x00"
	symbols := make([]elf.Sym64, 1+len(names))
	for i, name := range names {
		symbols[1+i] = elf.Sym64{Name: uint32(strings.Index(text, "\x00"+name+"\x00") + 1), Shndx: 1}
	}
	return assembled(text, symbols)
}

func assembled(text string, symbols []elf.Sym64) []byte {
	const headers = 64 + 56 + 3*64
	size := uint64(headers + len(text) + 24*len(symbols))
	header := elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1}, Type: uint16(elf.ET_DYN), Machine: uint16(machines[runtime.GOARCH]), Version: 1,
		Phoff: 64, Shoff: 64 + 56, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64, Shnum: 3,
	}
	var file bytes.Buffer
	for _, part := range []any{
		header, elf.Prog64{Type: uint32(elf.PT_LOAD), Filesz: size},
		[]elf.Section64{{}, {Type: uint32(elf.SHT_STRTAB), Off: headers, Size: uint64(len(text))},
			{Type: uint32(elf.SHT_DYNSYM), Link: 1, Off: uint64(headers + len(text)), Size: uint64(24 * len(symbols)), Entsize: 24}},
		[]byte(text), symbols,
	} {
		if err := binary.Write(&file, binary.LittleEndian, part); err != nil {
			panic(err)
		}
	}
	return file.Bytes()
}

func onlyWhereELF(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("plugins are read as ELF files on Linux only")
	}
}

// plugin checks a file with the content given.
func plugin(t *testing.T, path string, content []byte) error {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := checkPlugin(path); err != nil {
		return fmt.Errorf("%s: %w", path, err) // whoever calls it adds the path
	}
	if !bytes.Contains(content, []byte("GetPjrtApi\x00")) {
		t.Errorf("%q passes for a plugin", content)
	}
	return nil
}

func TestHostilePlugins(t *testing.T) {
	onlyWhereELF(t)
	path := filepath.Join(t.TempDir(), "plugin.so")
	good, other := tinyPlugin("malloc", "GetPjrtApi", "free"), tinyPlugin("malloc", "GetPjrtApi2", "NoGetPjrtApi")
	if err := plugin(t, path, good); err != nil {
		t.Fatal(err)
	}
	if err := plugin(t, path, other); err == nil || !strings.HasSuffix(err.Error(), "it has no function GetPjrtApi") {
		t.Fatal(err)
	}
	hostile.Check(t, path, bound, func(content []byte) error { return plugin(t, path, content) }, good, other)
}

// Many symbols with one long name, which costs the file nothing.
func TestSymbolsThatShareAName(t *testing.T) {
	onlyWhereELF(t)
	content := assembled("\x00"+strings.Repeat("x", 300_000)+"\x00", slices.Repeat([]elf.Sym64{{Name: 1, Shndx: 1}}, 10_000))
	path := filepath.Join(t.TempDir(), "plugin.so")
	hostile.Bounded(t, content, bound, func() {
		if err := plugin(t, path, content); err == nil {
			t.Error("it is accepted")
		}
	})
}

func TestHostileWheels(t *testing.T) {
	var valid [][]byte
	for _, path := range []string{
		wheel(t, entry{"p/__init__.py", "", 0}, entry{"p/q/lib.so", strings.Repeat("the plugin", 50), 0}), wheel(t, entry{"../lib.so", "x", 0}), wheel(t, entry{"a.so", "x", 0}),
	} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		valid = append(valid, content)
	}
	dir := t.TempDir()
	path, dst := filepath.Join(dir, "x.whl"), filepath.Join(dir, "plugin.so")
	hostile.Check(t, "x.whl: ", bound, func(content []byte) error {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		err := extractPlugin(path, dst)
		if _, missing := os.Stat(dst); (err == nil) != (missing == nil) {
			t.Errorf("error %v, but the file: %v", err, missing)
		}
		if entries, _ := os.ReadDir(dir); len(entries) > 2 {
			t.Errorf("something else was written: %v", entries)
		}
		os.Remove(dst)
		return err
	}, valid...)
}
