package nar

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestRestoreGivesWhatWasDumped(t *testing.T) {
	tree := t.TempDir()
	for _, dir := range []string{"empty", "a/b", "a.b"} {
		if err := os.MkdirAll(filepath.Join(tree, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"a/b/plain": 0o644, "run": 0o755, "..odd": 0o600} {
		if err := os.WriteFile(filepath.Join(tree, name), []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../nowhere", filepath.Join(tree, "a/link")); err != nil {
		t.Fatal(err)
	}
	var want, got bytes.Buffer
	if err := Dump(&want, tree); err != nil {
		t.Fatal(err)
	}
	restored := filepath.Join(t.TempDir(), "restored")
	if err := Restore(bytes.NewReader(want.Bytes()), restored); err != nil {
		t.Fatal(err)
	}
	if err := Dump(&got, restored); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Error("what was restored has another NAR than what was dumped")
	}
}

// TestRestoreLone restores what is no folder.
func TestRestoreLone(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"plain": 0o644, "run": 0o755} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plain", "run", "link"} {
		var want, got bytes.Buffer
		path := filepath.Join(t.TempDir(), "restored")
		err := Dump(&want, filepath.Join(dir, name))
		err = errors.Join(err, Restore(bytes.NewReader(want.Bytes()), path), Dump(&got, path))
		if err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%s: another NAR than what was dumped, %v", name, err)
		}
		if err := Restore(bytes.NewReader(want.Bytes()), path); !errors.Is(err, os.ErrExist) {
			t.Errorf("%s, where something is: got %v, want %v", name, err, os.ErrExist)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	tree := t.TempDir()
	if err := os.WriteFile(filepath.Join(tree, "file"), make([]byte, 1000), 0o644); err != nil {
		t.Fatal(err)
	}
	var dir, file bytes.Buffer
	if err := errors.Join(Dump(&dir, tree), Dump(&file, filepath.Join(tree, "file"))); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		nar  []byte
		want error
	}{
		"after a file":  {append(bytes.Clone(file.Bytes()), 0), ErrFormat},
		"cut in a file": {file.Bytes()[:600], ErrTruncated},
		"cut":           {dir.Bytes()[:dir.Len()-600], ErrTruncated},
		"no NAR":        {[]byte("something else"), ErrFormat},
		"dot dot":       {bytes.Replace(dir.Bytes(), []byte("\x04\x00\x00\x00\x00\x00\x00\x00file"), []byte("\x04\x00\x00\x00\x00\x00\x00\x00../x"), 1), ErrFormat},
		"bytes over":    {append(bytes.Clone(dir.Bytes()), 0), ErrFormat},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			err := Restore(bytes.NewReader(test.nar), filepath.Join(parent, "x"))
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			entries, err := os.ReadDir(parent)
			if err != nil || len(entries) > 1 {
				t.Errorf("beside the folder there is something: %v, %v", entries, err)
			}
		})
	}
	if err := Restore(bytes.NewReader(dir.Bytes()), tree); !errors.Is(err, os.ErrExist) {
		t.Errorf("into a folder that is there: got %v, want %v", err, os.ErrExist)
	}
}
