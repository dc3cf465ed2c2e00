package main

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed report
var reportFiles embed.FS

// reportScripts are one script on the page, in this order.
var reportScripts = []string{
	"format.js", "data.js", "graph.js", "treemap.js", "pages.js", "missing.js", "attributes.js",
	"page.js",
}

// A reportPage is what the template shows.
type reportPage struct {
	*reportNumbers
	Policy string // Content-Security-Policy
	Style  template.CSS
	Script template.JS
	Data   template.JS // JSON
}

// render writes the page.
func (r *report) render(w io.Writer) error {
	tmpl, err := template.New("page.html").Funcs(reportWords).ParseFS(reportFiles, "report/page.html")
	if err != nil {
		return err
	}
	style, script, err := readReportFiles()
	if err != nil {
		return err
	}
	// json escapes <, > and &, so that nothing in it ends the element.
	data, err := json.Marshal(r.columns())
	if err != nil {
		return err
	}
	return tmpl.Execute(w, &reportPage{
		reportNumbers: r.numbers(),
		Policy: fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; "+
			"form-action 'none'", contentHash(style), contentHash(script)),
		Style: template.CSS(style), Script: template.JS(script), Data: template.JS(data),
	})
}

// readReportFiles returns the page's style and its script.
func readReportFiles() (style, script string, err error) {
	text, err := reportFiles.ReadFile("report/style.css")
	if err != nil {
		return "", "", err
	}
	style = string(text)
	all := new(strings.Builder)
	for _, name := range reportScripts {
		text, err := reportFiles.ReadFile("report/" + name)
		if err != nil {
			return "", "", err
		}
		all.Write(text)
	}
	return style, all.String(), nil
}

// contentHash names an inline style or script in a policy: nothing else is run.
func contentHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// reportWords are functions for the template.
var reportWords = template.FuncMap{
	"plain": plain, "thousands": thousands, "bytes": bytes, "count": count,
	"percent": percent, "add": func(a, b int) int { return a + b },
	"knownBytes": func(n int64) string {
		if n < 0 {
			return "?"
		}
		return bytes(n)
	},
}

// percent is 100 only of all, and 0 only of nothing.
func percent(part, whole int) string {
	switch {
	case whole == 0:
		return "–"
	case part == 0:
		return "0 %"
	case part == whole:
		return "100 %"
	}
	return fmt.Sprintf("%d %%", min(99, max(1, (100*part+whole/2)/whole)))
}
