package backends

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
)

var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// checkELF reports what keeps an ELF file of the size given from being loaded as a plugin. It reads the tables by itself:
// debug/elf copies a name for every section and symbol, each of which can be as long as the file.
func checkELF(reader io.ReaderAt, size int64) error {
	damaged := func(what string) error {
		return fmt.Errorf("damaged or cut short (%s): install it again", what)
	}
	headers, ok := readTable[elf.Header64](reader, size, 0, 1)
	if !ok {
		return damaged("the header is not whole")
	}
	header := headers[0]
	if class, order := elf.Class(header.Ident[elf.EI_CLASS]), elf.Data(header.Ident[elf.EI_DATA]); class != elf.ELFCLASS64 || order != elf.ELFDATA2LSB {
		return fmt.Errorf("built for %s and %s: this machine needs a plugin for %s and %s", class, order, elf.ELFCLASS64, elf.ELFDATA2LSB)
	}
	if want, ok := machines[runtime.GOARCH]; ok && elf.Machine(header.Machine) != want {
		return fmt.Errorf("built for %s: this machine needs a plugin for %s", elf.Machine(header.Machine), want)
	}
	segments, ok := readTable[elf.Prog64](reader, size, header.Phoff, uint64(header.Phnum))
	if !ok || header.Phnum > 0 && int(header.Phentsize) != binary.Size(elf.Prog64{}) {
		return damaged("the program headers are not whole")
	}
	sections, ok := readTable[elf.Section64](reader, size, header.Shoff, uint64(header.Shnum))
	if !ok || header.Shnum > 0 && int(header.Shentsize) != binary.Size(elf.Section64{}) {
		return damaged("the section headers are not whole")
	}
	for _, segment := range segments {
		if elf.ProgType(segment.Type) == elf.PT_LOAD && !within(size, segment.Off, segment.Filesz) {
			return errors.New("cut short: install it again")
		}
	}
	for _, section := range sections {
		if elf.SectionType(section.Type) == elf.SHT_DYNSYM && int64(section.Link) < int64(len(sections)) && exports(reader, size, section, sections[section.Link], "GetPjrtApi") {
			return nil
		}
	}
	return errors.New("a shared library but no XLA plugin: it has no function GetPjrtApi")
}

// exports tells whether a table of symbols defines the one of that name.
func exports(reader io.ReaderAt, size int64, table, names elf.Section64, name string) bool {
	symbols, whole := readTable[elf.Sym64](reader, size, table.Off, table.Size/elf.Sym64Size)
	text, alsoWhole := readTable[byte](reader, size, names.Off, names.Size)
	if !whole || !alsoWhole {
		return false
	}
	for _, s := range symbols {
		if uint64(s.Name) < uint64(len(text)) && bytes.HasPrefix(text[s.Name:], []byte(name+"\x00")) && elf.SectionIndex(s.Shndx) != elf.SHN_UNDEF {
			return true
		}
	}
	return false
}

// readTable reads so many structs from an offset of a file, if it is that long.
func readTable[T any](reader io.ReaderAt, size int64, offset, count uint64) ([]T, bool) {
	var one T
	width := uint64(binary.Size(one))
	if count > uint64(size)/width || !within(size, offset, count*width) {
		return nil, false
	}
	table := make([]T, count)
	section := io.NewSectionReader(reader, int64(offset), int64(count*width))
	return table, binary.Read(section, binary.LittleEndian, table) == nil
}

// within tells whether so many bytes from an offset are in a file of the size given.
func within(size int64, offset, length uint64) bool {
	return offset <= uint64(size) && length <= uint64(size)-offset
}
