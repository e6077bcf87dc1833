package web

import (
	"html/template"
	"net/http"
)

// plain is the page for those few answers that a person sees outside the user interface. It needs no script and no file,
// and its style is in elements' own defaults: the policy allows no inline style.
var plain = template.Must(template.New("plain").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{{.Title}} · Cordboard</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{with .More}}<p>{{.}}</p>{{end}}</main></body>
</html>
`))

// writePage answers with a page. text and more are our own HTML, never anything from a request.
func writePage(w http.ResponseWriter, status int, title string, text, more template.HTML) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = plain.Execute(w, struct { // the client is gone when this fails
		Title      string
		Text, More template.HTML
	}{title, text, more})
}
