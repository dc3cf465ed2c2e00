package fetch

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
)

// openFolder makes c a binary cache in dir, which requests then read instead of
// the web.
func (c *substituter) openFolder(dir string) {
	c.transport = &local{http.NewFileTransportFS(folder(dir))}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", dir)
	}
	if err != nil {
		c.leave(ReasonUnreachable, err.Error())
	}
}

// local makes the bodies of a transport that knows no context end with it.
type local struct{ http.RoundTripper }

// RoundTrip is that of http.RoundTripper.
func (l *local) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = &localBody{resp.Body, contextReader{req.Context(), resp.Body}}
	}
	return resp, err
}

type localBody struct {
	io.Closer
	contextReader
}

// A folder is the file system of whole paths of which only those in it can be
// opened, and only regular files: no link leads out of it.
type folder string

// Open is that of fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	inside, err := filepath.Rel(string(f), "/"+name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(inside)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	return root.Open(inside)
}
