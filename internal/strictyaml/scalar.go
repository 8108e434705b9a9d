package strictyaml

import (
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

var number = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

func isNumber(text string) bool { return number.MatchString(text) }

// setScalar puts a scalar into v, a string, bool, int or float. Where it does not fit, needed says what would be right.
func setScalar(v reflect.Value, n *node) (needed string) {
	plain := n.kind == scalarNode && !n.quoted && !n.isNull()
	switch v.Kind() {
	case reflect.String:
		looksOtherwise := plain && (isNumber(n.text) || n.text == "true" || n.text == "false")
		if n.kind != scalarNode || n.isNull() {
			return "text is needed"
		} else if looksOtherwise {
			return "text is needed; put quotes around it"
		}
		v.SetString(n.text)
	case reflect.Bool:
		if !plain || n.text != "true" && n.text != "false" {
			return "true or false is needed"
		}
		v.SetBool(n.text == "true")
	case reflect.Int, reflect.Int64:
		whole, ok := wholeNumber(n.text)
		if !plain || !ok {
			return "a whole number is needed"
		} else if v.OverflowInt(whole) {
			return "a smaller number is needed"
		}
		v.SetInt(whole)
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.text, 64)
		if !plain || !isNumber(n.text) {
			return "a number is needed"
		} else if err != nil {
			return "a number within the range of a float64 is needed"
		}
		v.SetFloat(f)
	default:
		panic("strictyaml: no settings can be of type " + v.Type().String())
	}
	return ""
}

// wholeNumber reads digits, or a float such as 2e4 that is a whole number and exact.
func wholeNumber(text string) (int64, bool) {
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil && isNumber(text) {
		return whole, true
	}
	if !isNumber(text) || !strings.ContainsAny(text, ".eE") {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	const exact = 1 << 53
	if err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
		return 0, false
	}
	return int64(f), true
}
