package suitepage

import (
	"fmt"
	"strings"

	"joule/internal/strictyaml"
)

// changesOf are the config of the first cell that has one, and of each other cell the keys in which its first run's differs
// from it, or its whole text where that is no YAML.
func changesOf(all *cells) (base *text, changes []text) {
	var first []strictyaml.Value
	for _, c := range all.cells {
		config := c.rows[0].Config
		if config == "" || len(changes) == maxConfigs {
			continue
		}
		values, err := strictyaml.Flatten([]byte(config))
		if base == nil {
			base, first = &text{c.label, config}, values
			continue
		}
		if err != nil || first == nil {
			changes = append(changes, text{c.label, config})
			continue
		}
		changes = append(changes, text{c.label, differences(first, values)})
	}
	return base, changes
}

// differences are lines of the keys that have other values, and of those that are there no more.
func differences(old, now []strictyaml.Value) string {
	before, after := map[string]string{}, map[string]bool{}
	for _, v := range old {
		before[v.Key] = v.Text
	}
	var b strings.Builder
	for _, v := range now {
		after[v.Key] = true
		if was, ok := before[v.Key]; !ok || was != v.Text {
			fmt.Fprintf(&b, "%s: %s\n", v.Key, v.Text)
		}
	}
	for _, v := range old {
		if !after[v.Key] {
			fmt.Fprintf(&b, "%s: none\n", v.Key)
		}
	}
	if b.Len() == 0 {
		return "no difference\n"
	}
	return b.String()
}
