package datasets

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// byteOrderMark may begin a text in UTF-8.
const byteOrderMark = "\ufeff"

// signatures tell files of other kinds by how they begin.
var signatures = []struct{ start, problem string }{
	{"\xff\xfe", "the text is UTF-16, want UTF-8: iconv -f UTF-16 -t UTF-8 converts it"},
	{"\xfe\xff", "the text is UTF-16, want UTF-8: iconv -f UTF-16 -t UTF-8 converts it"},
	{"\x1f\x8b", "the file is compressed by gzip, want its text: gunzip unpacks it"},
	{"PK\x03\x04", "the file is a ZIP archive or a workbook, want text: unpack it, or save it as CSV"},
	{"\xd0\xcf\x11\xe0", "the file is a workbook, want text: save it as CSV"},
	{"PAR1", "the file is Parquet, want text: that is data of kind parquet"},
	{npyMagic, "the file is an NPY array, want text: that is data of kind npy"},
}

// noText says of the first bytes of a file why it is no text, or nothing.
func noText(start []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(start, []byte(s.start)) {
			return s.problem
		}
	}
	// Of a text in UTF-16 every second byte is 0, as long as its letters are Latin.
	for first := range 2 {
		if len(start) >= 4 && start[first] == 0 && start[first+2] == 0 && start[1-first] != 0 && start[3-first] != 0 {
			return signatures[0].problem
		}
	}
	return ""
}

// maxCategory is the most bytes of a name of a category, a class or a column.
const maxCategory = 1000

// noCategory says why a cell is no name, or nothing.
func noCategory(cell string) string {
	switch {
	case len(cell) > maxCategory:
		return fmt.Sprintf("%.60q… is %d bytes long, want at most %d", strings.ToValidUTF8(cell[:maxCategory], "?"), len(cell), maxCategory)
	case !utf8.ValidString(cell):
		return fmt.Sprintf("%.60q is not UTF-8: iconv -f LATIN1 -t UTF-8 converts the file, if it is in Latin-1", cell)
	}
	return ""
}
