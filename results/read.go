package results

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// Read reads results: those of a suite's directory, or a table in a .csv or .parquet file. Of a directory the table
// results.parquet counts, which has the runs of the suite as it is now in its order; before there is one, the journal.
func Read(path string) ([]*Row, error) {
	info, err := os.Stat(path)
	if problem := (*fs.PathError)(nil); errors.As(err, &problem) {
		return nil, fmt.Errorf("%s: %w; want the directory of a suite, or a .csv or .parquet file of its results", path, problem.Err)
	}
	if info.IsDir() {
		for _, name := range []string{ParquetFile, JournalFile} {
			if _, err := os.Stat(filepath.Join(path, name)); err == nil {
				return Read(filepath.Join(path, name))
			}
		}
		return nil, fmt.Errorf("%s: there are no results: neither %s nor %s", path, ParquetFile, JournalFile)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return readCSV(path)
	case ".parquet":
		return readParquet(path)
	case ".jsonl":
		j, err := ReadJournal(path)
		if err != nil {
			return nil, err
		}
		defer j.Close()
		return collect(j.Rows(nil))
	}
	return nil, fmt.Errorf("%s: want the directory of a suite, or a .csv or .parquet file of its results", path)
}

func collect(rows iter.Seq2[*Row, error]) (all []*Row, err error) {
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}
