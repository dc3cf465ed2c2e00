package nar

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestPlace(t *testing.T) {
	for _, row := range []struct {
		name  string
		strip int
		omit  string // spaced
		path  string
		want  string // "" if it is left out
	}{
		{"nothing asked for", 0, "", "./d//f", "./d//f"},
		{"strip a name", 1, "", "d/e/f", "e/f"},
		{"strip two names", 2, "", "d/e/f", "f"},
		{"strip slashes, too", 1, "", "d///e/", "e/"},
		{"a dot counts", 1, "", "./d/f", "d/f"},
		{"no name left", 1, "", "f", ""},
		{"no name left of a directory", 1, "", "d/", ""},
		{"fewer names", 3, "", "d/f", ""},
		{"omit a directory", 0, "d", "d/", ""},
		{"omit what is in it", 0, "d", "d/e/f", ""},
		{"omit a file", 0, "d/f", "d/f", ""},
		{"a prefix is no name", 0, "d", "dd/f", "dd/f"},
		{"only from the beginning", 0, "e", "d/e", "d/e"},
		{"its directory stays", 0, "d/f", "d/", "d/"},
		{"omit however it is spelt", 0, "./d//f", "d/./f", ""},
		{"any name", 0, "*/f", "d/f", ""},
		{"any name is one name", 0, "*/f", "d/e/f", "d/e/f"},
		{"the second", 0, "d a", "a/f", ""},
		{"before names are stripped", 1, "d", "d/f", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			opts := Options{Strip: row.strip, Omit: strings.ReplaceAll(row.omit, " ", "\n")}
			got, ok := newPlacer(opts).place(row.path)
			if got != row.want || ok != (row.want != "") {
				t.Errorf("got %q, %v, want %q", got, ok, row.want)
			}
		})
	}
}

// TestPlacedTar compares with what GNU tar unpacks, as nixpkgs' texlive has it.
func TestPlacedTar(t *testing.T) {
	files := []file{
		{path: "doc/readme", data: "here"},
		{path: "texmf-dist/tex/a.sty", data: strings.Repeat("a", 100)},
		{path: "texmf-dist/tex/link", target: "a.sty"},
		{path: "texmf-dist/scripts/run", data: "#!", executable: true},
		{path: "texmf-dist/tlpkg", data: "only on top it is left out"},
		{path: "tlpkg/tlpobj/a.tlpobj", data: "left out"},
		{path: "top", data: "stays without strip only"},
	}
	dir := t.TempDir()
	writeTree(t, dir+"/in", files)
	if err := os.Link(dir+"/in/texmf-dist/tex/a.sty", dir+"/in/texmf-dist/tex/b.sty"); err != nil {
		t.Fatal(err)
	}
	run(t, dir+"/in", "tar", "-cf", "../a.tar", "tlpkg", "texmf-dist", "doc", "top")
	for strip := range 3 {
		for _, budget := range []int64{0, 40} {
			t.Run(fmt.Sprint(strip, " budget ", budget), func(t *testing.T) {
				out := t.TempDir()
				run(t, dir, "tar", "-xf", "a.tar", fmt.Sprint("--strip-components=", strip),
					"-C", out, "--anchored", "--exclude=tlpkg", "--keep-old-files")
				checkArchive(t, dir+"/a.tar", out, Options{
					KeepRoot: true, Strip: strip, Omit: "tlpkg", Budget: budget,
				})
			})
		}
	}
}

// TestOmittedBelowRoot has what fetchFromBitbucket removed from the output.
func TestOmittedBelowRoot(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, []file{
		{path: "top/.hg_archival.txt", data: "left out"},
		{path: "top/d/.hg_archival.txt", data: "stays"},
		{path: "top/f", data: "stays"},
	})
	run(t, dir, "tar", "-cf", "a.tar", "top")
	run(t, dir, "zip", "-q", "-r", "a.zip", "top")
	if err := os.Remove(dir + "/top/.hg_archival.txt"); err != nil {
		t.Fatal(err)
	}
	opts := Options{Omit: "*/.hg_archival.txt"}
	checkArchive(t, dir+"/a.tar", dir+"/top", opts)
	checkArchive(t, dir+"/a.zip", dir+"/top", opts)
}
