package suitepage

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
)

// What every page has in it. The scripts are parts of one program.
var (
	style   = template.CSS(asset("page.css"))
	library = template.JS(withoutMap(asset("vendored/chart.js/chart.umd.min.js")))
	script  = template.JS("(() => {\n'use strict';\n" + asset("script/cells.js") + asset("script/table.js") + asset("script/grid.js") +
		asset("script/charts.js") + asset("script/scatter.js") + asset("script/curves.js") + asset("script/start.js") + "})();\n")
	licences = []string{asset("vendored/chart.js/LICENSE.md"), asset("vendored/chart.js/LICENSE-kurkle-color.md")}
)

func asset(name string) string {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(content)
}

// withoutMap takes away the name of a file for debuggers, which a page that stands alone cannot have beside it.
func withoutMap(script string) string {
	before, _, _ := strings.Cut(script, "\n//# sourceMappingURL=")
	return before + "\n"
}

// newPage parses the template, in which the policy names the one style and the two scripts that a browser may use.
func newPage() *template.Template {
	policy := fmt.Sprintf("default-src 'none'; style-src %s; script-src %s %s; img-src data:; base-uri 'none'; form-action 'none'",
		hashOf(string(style)), hashOf(string(library)), hashOf(string(script)))
	return template.Must(template.New("page").Funcs(template.FuncMap{"parts": parts}).Parse(strings.Replace(asset("page.html"), "POLICY", policy, 1)))
}

// hashOf is how a policy names an inline style or script.
func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// parts are the pieces of a name between which a line may break.
func parts(name string) []string { return strings.SplitAfter(name, "_") }
