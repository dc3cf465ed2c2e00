// Package faultweb serves files, of which each goes wrong in a way of its own: most can
// be had by a client that is patient enough, the others by nobody, for a reason
// that a client should name. Each fault has a host of its own, on loopback.
package faultweb

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"granary/internal/badweb"
	"granary/internal/corpus"
)

// bodySize is how many bytes a file has, and some more.
const bodySize = 40_000

// A File is one that is wanted.
type File struct {
	Name   string
	SHA256 string   // base 16
	URLs   []string // in the order in which they are to be asked
	Fault  string   // what goes wrong, in a few words
	Reason string   // why it cannot be had, in granary's words; "" if it can
}

// A Web is the servers with all files.
type Web struct {
	Files   []File
	servers []*httptest.Server
	site    site // of the fault whose files are made
}

// Start makes files that can be had, and others, with all faults alike, and serves them
// until Close. What comes slowly comes in parts with such pauses.
func Start(good, lost int, pause time.Duration) (*Web, error) {
	w := &Web{site: site{web: badweb.NewHandler(), pause: pause}}
	if err := w.listen(); err != nil {
		w.Close()
		return nil, err
	}
	for i, f := range faults {
		if err := w.add(f, share(good, len(faults), i)); err != nil {
			w.Close()
			return nil, err
		}
	}
	for i, f := range losses {
		if err := w.add(f, share(lost, len(losses), i)); err != nil {
			w.Close()
			return nil, err
		}
	}
	return w, nil
}

// share returns how many of all go to the i-th of n.
func share(all, n, i int) int { return (all*(i+1))/n - all*i/n }

// Close ends the servers.
func (w *Web) Close() {
	for _, s := range w.servers {
		s.CloseClientConnections()
		s.Close()
	}
}

// listen starts the servers that all faults share.
func (w *Web) listen() (err error) {
	if w.site.good, err = w.serve((*httptest.Server).Start); err != nil {
		return err
	}
	if w.site.secure, err = w.serve((*httptest.Server).StartTLS); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.site.refused = "http://" + l.Addr().String() + "/"
	return l.Close()
}

// serve starts another server of the same scripts, and returns its URL.
func (w *Web) serve(start func(*httptest.Server)) (url string, err error) {
	address := fmt.Sprintf("127.0.0.%d:0", 1+len(w.servers))
	l, err := net.Listen("tcp", address)
	if err != nil { // as where loopback has but one address
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "", err
		}
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{
		Handler: w.site.web, ErrorLog: log.New(io.Discard, "", 0),
	}}
	start(s)
	w.servers = append(w.servers, s)
	return s.URL + "/", nil
}

// add makes count files of one fault.
func (w *Web) add(f fault, count int) (err error) {
	if w.site.bad, err = w.serve((*httptest.Server).Start); err != nil {
		return err
	}
	for range count {
		name := fmt.Sprintf("file-%04d.tar.gz", len(w.Files))
		body := newBody(uint64(len(w.Files)))
		w.Files = append(w.Files, File{
			Name: name, SHA256: fmt.Sprintf("%x", sha256.Sum256(body)),
			URLs: f.urls(&w.site, name, body), Fault: f.name, Reason: f.reason,
		})
	}
	return nil
}

// newBody returns what begins as archives do.
func newBody(seed uint64) []byte {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	io.CopyN(z, corpus.Bytes(seed), bodySize)
	z.Close()
	return body.Bytes()
}
