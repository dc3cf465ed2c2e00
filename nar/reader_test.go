package nar

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// rewrite reads a NAR and returns it written anew.
func rewrite(r io.Reader) ([]byte, error) {
	var out bytes.Buffer
	e := newEncoder(context.Background(), &out)
	in := NewReader(r)
	var open []string // directories
	leave := func(path string) {
		for len(open) > 0 {
			dir := open[len(open)-1]
			if path != "" && (dir == "" || strings.HasPrefix(path, dir+"/")) {
				return
			}
			e.end()
			if open = open[:len(open)-1]; len(open) > 0 {
				e.end()
			}
		}
	}
	for {
		entry, err := in.Next()
		if err == io.EOF {
			leave("")
			_, err := e.close()
			return out.Bytes(), err
		}
		if err != nil {
			return nil, err
		}
		leave(entry.Path)
		if len(open) > 0 {
			e.entry(entry.Path[strings.LastIndexByte(entry.Path, '/')+1:])
		}
		switch entry.Type {
		case Directory:
			e.directory()
			open = append(open, entry.Path)
			continue
		case Symlink:
			e.symlink(entry.Target)
		case Regular:
			e.file(entry.Size, entry.Executable)
			if err := e.copyFrom(in, entry.Size); err != nil {
				return nil, err
			}
			e.endFile(entry.Size)
		}
		if len(open) > 0 {
			e.end()
		}
	}
}

func dumpOf(t testing.TB, files []file) []byte {
	root := filepath.Join(t.TempDir(), "root")
	writeTree(t, root, files)
	var b bytes.Buffer
	if err := Dump(&b, root); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReaderRoundTrip(t *testing.T) {
	want := dumpOf(t, oddTree)
	for name, r := range map[string]io.Reader{
		"at once":      bytes.NewReader(want),
		"byte by byte": iotest.OneByteReader(bytes.NewReader(want)),
	} {
		got, err := rewrite(r)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes, %v, want the same %d bytes", name, len(got), err, len(want))
		}
	}
}

func TestReaderEntries(t *testing.T) {
	data := dumpOf(t, []file{
		{path: "bin/run", data: "#!", executable: true}, {path: "link", target: "bin"},
	})
	want := []Entry{
		{Path: "", Type: Directory},
		{Path: "bin", Type: Directory},
		{Path: "bin/run", Type: Regular, Executable: true, Size: 2},
		{Path: "link", Type: Symlink, Target: "bin"},
	}
	r := NewReader(bytes.NewReader(data))
	for i := range want {
		if got, err := r.Next(); err != nil || got != want[i] {
			t.Errorf("entry %d: got %+v, %v, want %+v", i, got, err, want[i])
		}
	}
	for range 2 {
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("end: got %v, want %v", err, io.EOF)
		}
	}
}

// entryOf encodes an entry with an empty file.
func entryOf(name string) string {
	return tokens("entry", "(", "name", name, "node") + emptyFile + tokens(")")
}

var emptyFile = tokens("(", "type", "regular", "contents", "", ")")

func TestReaderRefuses(t *testing.T) {
	dir := tokMagic + tokDirectory
	file := tokMagic + tokRegular
	rows := []struct{ name, data string }{
		{"nothing", ""},
		{"another magic", tokens("nix-archive-2") + emptyFile},
		{"text", "<!DOCTYPE html><html><body>404</body></html>"},
		{"unknown type", tokMagic + tokens("(", "type", "socket", ")")},
		{"name empty", dir + entryOf("") + tokEnd},
		{"name .", dir + entryOf(".") + tokEnd},
		{"name ..", dir + entryOf("..") + tokEnd},
		{"name with slash", dir + entryOf("a/b") + tokEnd},
		{"name with NUL", dir + entryOf("a\x00b") + tokEnd},
		{"name of 256 bytes", dir + entryOf(strings.Repeat("n", 256)) + tokEnd},
		{"unsorted", dir + entryOf("b") + entryOf("a") + tokEnd},
		{"twice the same", dir + entryOf("a") + entryOf("a") + tokEnd},
		{"sorted as git does", dir + entryOf("a-b") + entryOf("a") + tokEnd},
		{"padding not zero", file + tokens("x")[:15] + "\x01" + tokEnd},
		{"length beyond 63 bits", file + strings.Repeat("\xff", 8)},
		{"keyword of 4 GiB", tokMagic + "\x00\x00\x00\x00\x01\x00\x00\x00"},
		{"truncated contents", file + "\xff\xff\xff\xff\x00\x00\x00\x00abc"},
		{"no end", dir + entryOf("a")},
		{"bytes behind the end", tokMagic + emptyFile + "\x00"},
		{"executable with a value",
			tokMagic + tokens("(", "type", "regular", "executable", "yes", "contents", "", ")")},
		{"no contents", tokMagic + tokens("(", "type", "regular", ")")},
		{"target empty", tokMagic + tokSymlink + tokens("", ")")},
		{"target with NUL", tokMagic + tokSymlink + tokens("a\x00", ")")},
		{"target of 4096 bytes", tokMagic + tokSymlink + tokens(strings.Repeat("t", 4096), ")")},
		{"wrong tag in a directory", dir + tokens("entri")},
		{"too deep", tokMagic +
			strings.Repeat(tokDirectory+tokens("entry", "(", "name", "d", "node"), 64) + emptyFile},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := rewrite(strings.NewReader(row.data))
			if !errors.Is(err, ErrFormat) {
				t.Errorf("got %v, want an error that is ErrFormat", err)
			}
		})
	}
}

func TestReaderTruncated(t *testing.T) {
	data := dumpOf(t, []file{{path: "a/b", data: "contents"}, {path: "l", target: "a"}})
	for n := range data {
		if _, err := rewrite(bytes.NewReader(data[:n])); !errors.Is(err, ErrFormat) {
			t.Errorf("%d of %d bytes: got %v, want ErrFormat", n, len(data), err)
		} else if n >= len(tokMagic) && !errors.Is(err, ErrTruncated) {
			t.Errorf("%d of %d bytes: got %v, want ErrTruncated", n, len(data), err)
		}
	}
}

func TestReaderReturnsErrorsOfItsInput(t *testing.T) {
	data := dumpOf(t, []file{{path: "a", data: strings.Repeat("contents", 100)}})
	for _, n := range []int{0, 50, 300, len(data)} {
		in := io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(errFull))
		if _, err := rewrite(in); err != errFull {
			t.Errorf("after %d bytes: got %v, want %v", n, err, errFull)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(dumpOf(f, oddTree[:12]))
	f.Add([]byte(tokMagic + emptyFile))
	f.Add([]byte(tokMagic + tokDirectory + entryOf("a") + entryOf("b") + tokEnd))
	f.Add([]byte(tokMagic + tokSymlink + tokens("target", ")")))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := rewrite(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("error is not ErrFormat: %v", err)
			}
			return
		}
		if !bytes.Equal(got, data) {
			t.Errorf("written again: %q, want %q", got, data)
		}
	})
}
