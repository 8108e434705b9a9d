package suitepage

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"joule/results"
)

// download is the table of a suite, within the page and beside it.
type download struct {
	Suite string
	Name  string       // of the file
	CSV   template.URL // gzip, in base64
	Size  string
	Links []link
}

// link leads to a file of the suite, from the place of the page.
type link struct{ Name, Path string }

// downloadsOf packs the rows of each suite as CSV, and finds the files that are there already.
func downloadsOf(p Page, all *cells) (list []download, err error) {
	for _, s := range p.Suites {
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return nil, err
		}
		rows := func(yield func(*results.Row, error) bool) {
			for _, r := range s.Rows {
				if !yield(r, nil) {
					return
				}
			}
		}
		if err := results.EncodeCSV(w, rows); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		d := download{
			Suite: all.suiteName(s), Name: fileName(all.suiteName(s)) + ".csv", Size: kilobytes(packed.Len()),
			CSV: template.URL("data:application/gzip;base64," + base64.StdEncoding.EncodeToString(packed.Bytes())),
		}
		for _, name := range []string{results.CSVFile, results.ParquetFile} {
			if path, ok := relative(p.Path, filepath.Join(s.Dir, name)); ok {
				d.Links = append(d.Links, link{name, path})
			}
		}
		list = append(list, d)
	}
	return list, nil
}

// relative is the address of a file that exists as seen from a page; false: there is none.
func relative(page, file string) (string, bool) {
	if info, err := os.Stat(file); page == "" || err != nil || info.Mode()&fs.ModeType != 0 {
		return "", false
	}
	from, errFrom := filepath.Abs(filepath.Dir(page))
	to, errTo := filepath.Abs(file)
	if errFrom != nil || errTo != nil {
		return "", false
	}
	path, err := filepath.Rel(from, to)
	if err != nil {
		return "", false
	}
	address := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	if !strings.HasPrefix(address, "../") { // a colon in the first part would be a scheme
		address = "./" + address
	}
	return address, true
}

// fileName is a name that every system takes.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, filepath.Base(name))
}

func kilobytes(n int) string {
	return fmt.Sprintf("%s kB", formatted(float64((n+999)/1000), 0))
}
