package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"joule/datasets"
	"joule/internal/strictyaml"
)

// cells reads rows of JSON, which is known to be valid, into coordinates.
type cells struct {
	text    []byte
	at      int
	rows    *datasets.GivenRows
	names   []string // of the columns
	most    int      // rows
	tooMany bool     // there are more
}

// read reads an array of rows: arrays of cells, or objects.
func (c *cells) read(isNamed bool) error {
	kind := "a list of lists"
	row, open := c.array, byte('[')
	if isNamed {
		kind, row, open = "a list of objects", c.object, '{'
	}
	if c.next() != '[' {
		return fmt.Errorf("%.60s is no list; want %s", c.text, kind)
	}
	for c.at++; c.next() != ']'; c.comma() {
		if c.rows.N() == c.most {
			c.tooMany = true
			return nil
		}
		if c.next() != open {
			return fmt.Errorf("row %d is %s; want %s", c.rows.N()+1, c.shown(), kind)
		}
		c.at++
		if err := row(); err != nil {
			return err
		}
	}
	if c.rows.N() == 0 {
		return errors.New("there are no rows; want one or more")
	}
	return nil
}

// array reads the cells of a row in the order of the columns.
func (c *cells) array() error {
	k := 0
	for ; c.next() != ']'; c.comma() {
		if k == len(c.names) {
			return fmt.Errorf("row %d has more than %d values; want one for each of the columns %s", c.rows.N()+1, k, few(c.names))
		}
		if err := c.cell(k); err != nil {
			return err
		}
		k++
	}
	if c.at++; k < len(c.names) {
		return fmt.Errorf("row %d has %d values; want %d, one for each of the columns %s", c.rows.N()+1, k, len(c.names), few(c.names))
	}
	return c.rows.End()
}

// object reads the cells of a row by the names of their columns.
func (c *cells) object() error {
	seen := make([]bool, len(c.names))
	for ; c.next() != '}'; c.comma() {
		name, err := c.string()
		if err != nil {
			return err
		}
		k := slices.Index(c.names, name)
		if k < 0 {
			hint := strictyaml.Suggest(name, c.names, "want "+few(c.names))
			return fmt.Errorf("row %d: there is no column %.60q; %s", c.rows.N()+1, name, hint)
		}
		if seen[k] {
			return fmt.Errorf("row %d, column %.60q: is there twice", c.rows.N()+1, name)
		}
		seen[k] = true
		c.next() // the colon
		c.at++
		if err := c.cell(k); err != nil {
			return err
		}
	}
	c.at++
	return c.rows.End()
}

// cell reads the value of a column.
func (c *cells) cell(k int) error {
	switch first := c.next(); {
	case first == '"':
		text, err := c.string()
		if err != nil {
			return err
		}
		return c.rows.Text(k, text)
	case first == 'n':
		c.at += len("null")
		return c.rows.Missing(k)
	case first == '-' || '0' <= first && first <= '9':
		from := c.at
		for c.at < len(c.text) && strings.IndexByte("+-.eE0123456789", c.text[c.at]) >= 0 {
			c.at++
		}
		x, _ := strconv.ParseFloat(string(c.text[from:c.at]), 64) // an infinity where it is too large, which is refused as such
		return c.rows.Number(k, x)
	}
	return fmt.Errorf("row %d, column %.60q: %s is no number, text or null", c.rows.N()+1, c.names[k], c.shown())
}

// string reads a text.
func (c *cells) string() (text string, err error) {
	c.next()
	from := c.at
	for c.at++; c.text[c.at] != '"'; c.at++ {
		if c.text[c.at] == '\\' {
			c.at++
		}
	}
	c.at++
	err = json.Unmarshal(c.text[from:c.at], &text)
	return text, err
}

// next skips white space, and returns the byte after it.
func (c *cells) next() byte {
	for strings.IndexByte(" \t\r\n", c.text[c.at]) >= 0 {
		c.at++
	}
	return c.text[c.at]
}

// comma skips a comma if there is one.
func (c *cells) comma() {
	if c.next() == ',' {
		c.at++
	}
}

// shown is the beginning of what is to be read, as an error shows it.
func (c *cells) shown() string {
	rest := c.text[c.at:]
	return fmt.Sprintf("%.30q", strings.ToValidUTF8(string(rest[:min(len(rest), 30)]), "?"))
}

// few shows a list, of a long one the first.
func few(list []string) string {
	const most = 10
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s… (%d)", strings.Join(list[:most], ", "), len(list))
}
