// Package assets holds the built user interface. vite writes it into static/, which git keeps empty; so the server builds
// without Node, and then says how the pages are made. It serves nothing by itself.
package assets

import (
	"embed"
	"io/fs"
)

//go:embed all:static
var static embed.FS

// Static is the built user interface: console/index.html, manager/index.html and assets/, as far as they are built.
func Static() fs.FS {
	sub, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}
