package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"joule/internal/strictyaml"
)

// Difference is a key that has another value in one config than in another. A value is as in the file; where the key is
// not there it is "none".
type Difference struct {
	Key, Old, New string
	// OldData and NewData are the values for programs, as strictyaml.Value has them; nil where the key is not there.
	OldData, NewData any
}

func (d Difference) String() string { return fmt.Sprintf("%s: %s, now %s", d.Key, d.Old, d.New) }

// Diff lists the keys in which two configs differ, defaults included, in the order of the file.
func Diff(old, new *Config) (list []Difference, err error) {
	var values [2][]strictyaml.Value
	for i, c := range []*Config{old, new} {
		if values[i], err = c.values(); err != nil {
			return nil, err
		}
	}
	const none = "none"
	later := map[string]strictyaml.Value{}
	for _, v := range values[1] {
		later[v.Key] = v
	}
	earlier := map[string]bool{}
	for _, v := range values[0] {
		earlier[v.Key] = true
		if now, ok := later[v.Key]; !ok {
			list = append(list, Difference{v.Key, v.Text, none, v.Data, nil})
		} else if now.Text != v.Text {
			list = append(list, Difference{v.Key, v.Text, now.Text, v.Data, now.Data})
		}
	}
	for _, v := range values[1] {
		if !earlier[v.Key] {
			list = append(list, Difference{v.Key, none, v.Text, nil, v.Data})
		}
	}
	return list, nil
}

// Checksum identifies the values of a config, but for the keys that are left out: sha256: and the hexadecimal SHA-256 of lines
// "key: value" in the order of the file.
func (c *Config) Checksum(isLeftOut func(key string) bool) (string, error) {
	values, err := c.values()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, v := range values {
		if !isLeftOut(v.Key) {
			fmt.Fprintf(sum, "%s: %s\n", v.Key, v.Text) // never fails
		}
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

func (c *Config) values() ([]strictyaml.Value, error) {
	text, err := c.Encode()
	if err != nil {
		return nil, err
	}
	return strictyaml.Flatten(text)
}
