package main

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"joule/internal/atomicfile"
	"joule/results"
)

// tableWriter makes the tables of what is in the journal.
type tableWriter struct {
	dir     string
	journal *results.Journal
	keys    []string
	last    time.Time
}

// now writes them where that was last done some time ago.
func (w *tableWriter) now() {
	const often = time.Minute
	if time.Since(w.last) < often {
		return
	}
	if err := w.write(); err != nil {
		slog.Warn("the tables could not be written; the journal has it all", "error", oneLine(err))
	}
	w.last = time.Now()
}

func (w *tableWriter) write() error {
	rows := w.journal.Rows(w.keys)
	return errors.Join(results.WriteCSV(filepath.Join(w.dir, results.CSVFile), rows), results.WriteParquet(filepath.Join(w.dir, results.ParquetFile), rows))
}

func writeText(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
