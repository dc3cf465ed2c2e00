// Package sampleweb serves the sources of the sample package set in
// testdata/sample, for tests and for scripts/demo.
package sampleweb

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

// domain ends the names of the sample's hosts.
const domain = ".granary.test"

// Handler serves the files below filesDir, one folder a host. The host is the
// first element of the path, as --rewrite http://sample.granary.test/=URL/sample/
// gives it, or else the request's own, as a client gives it that takes the
// handler for its proxy.
//
// What a web server has, it has too: ranges, entity tags that change with the
// bytes, and redirects (from redirect/NAME to NAME). A file that is not there is
// 404; what the sample wants to be wrong is wrong in its file.
func Handler(filesDir string) http.Handler {
	files := os.DirFS(filesDir)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dir, name := path.Split(r.URL.Path)
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		case strings.HasSuffix(dir, "/redirect/"):
			http.Redirect(w, r, "../"+name, http.StatusFound)
		default:
			serveFile(w, r, files)
		}
	})
}

func serveFile(w http.ResponseWriter, r *http.Request, files fs.FS) {
	data, err := fs.ReadFile(files, filePath(r))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(data)))
	w.Header().Set("Content-Type", http.DetectContentType(data))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// filePath returns where the file that r asks for is, relative to the files.
// Slashes that are doubled and dots are cleaned away, and none leads outside.
func filePath(r *http.Request) string {
	name := r.URL.Path
	if host, ok := strings.CutSuffix(r.Host, domain); ok {
		name = host + "/" + name
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}
