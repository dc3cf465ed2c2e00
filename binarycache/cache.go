// Package binarycache writes folders in the form of Nix's binary caches.
//
// What it writes is addressed by its content, so that every Nix takes it
// without a signature. The form is that of Nix's
// src/libstore/binary-cache-store.cc.
package binarycache

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"granary"
	"granary/hashes"
	"granary/nar"
)

// A Cache is a folder that Nix can read as file://DIR.
type Cache struct{ dir string }

// Create makes a cache in the folder dir, which may be there.
func Create(dir string) (*Cache, error) {
	if err := os.MkdirAll(filepath.Join(dir, "nar"), 0o777); err != nil {
		return nil, fmt.Errorf("make binary cache: %w", err)
	}
	info := "StoreDir: " + string(hashes.DefaultStoreDir) + "\n"
	if err := os.WriteFile(filepath.Join(dir, "nix-cache-info"), []byte(info), 0o666); err != nil {
		return nil, fmt.Errorf("make binary cache: %w", err)
	}
	return &Cache{dir}, nil
}

// Add writes a store object, unless it is there. Nothing is written if its path
// is not the one that its content and references give.
func (c *Cache) Add(o granary.StoreObject) error {
	if _, err := os.Stat(c.infoFile(o.Path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ca, err := ContentAddress(o)
	if err != nil {
		return err
	}
	data := o.NAR
	if data == nil {
		var text bytes.Buffer
		err := nar.WriteFile(&text, strings.NewReader(o.Text), int64(len(o.Text)), false)
		if err != nil {
			return fmt.Errorf("add %s to binary cache: %w", o.Path, err)
		}
		data = text.Bytes()
	}
	sum := hashes.Sum(hashes.SHA256, data)
	file := "nar/" + sum.NixBase32() + ".nar"
	if err := os.WriteFile(filepath.Join(c.dir, file), data, 0o666); err != nil {
		return fmt.Errorf("add %s to binary cache: %w", o.Path, err)
	}
	info := narInfo(o, ca, sum, file, len(data))
	if err := os.WriteFile(c.infoFile(o.Path), info, 0o666); err != nil {
		return fmt.Errorf("add %s to binary cache: %w", o.Path, err)
	}
	return nil
}

func (c *Cache) infoFile(p hashes.StorePath) string {
	return filepath.Join(c.dir, p.Digest()+".narinfo")
}

func narInfo(
	o granary.StoreObject, ca hashes.ContentAddress, sum hashes.Hash, file string, size int,
) []byte {
	references := make([]string, len(o.References))
	for i, reference := range o.References {
		references[i] = reference.Base()
	}
	digest := "sha256:" + sum.NixBase32()
	return fmt.Appendf(nil, "StorePath: %s\nURL: %s\nCompression: none\nFileHash: %s\n"+
		"FileSize: %d\nNarHash: %s\nNarSize: %d\nReferences: %s\nCA: %s\n",
		o.Path, file, digest, size, digest, size, strings.Join(references, " "), ca)
}

// ContentAddress finds the content address that gives the path of o: nothing
// but the path says in which way o was made. Texts are what .drv files are and
// builtins.toFile makes; NARs what stands for a path, or was fetched and
// unpacked; flat files what was fetched.
func ContentAddress(o granary.StoreObject) (hashes.ContentAddress, error) {
	file, isFile := []byte(o.Text), true
	var candidates []hashes.ContentAddress
	if o.NAR != nil {
		file, isFile = plainFile(o.NAR)
		candidates = append(candidates, addresses(hashes.Recursive, o.NAR)...)
	}
	if isFile {
		candidates = append(candidates,
			hashes.ContentAddress{Mode: hashes.Text, Hash: hashes.Sum(hashes.SHA256, file)})
		candidates = append(candidates, addresses(hashes.Flat, file)...)
	}
	for _, ca := range candidates {
		path, err := ca.StorePathReferring(hashes.DefaultStoreDir, o.Path.Name(), o.References)
		if err == nil && path == o.Path {
			return ca, nil
		}
	}
	return hashes.ContentAddress{}, fmt.Errorf("%s: its content does not give its path", o.Path)
}

func addresses(mode hashes.Mode, data []byte) []hashes.ContentAddress {
	return []hashes.ContentAddress{
		{Mode: mode, Hash: hashes.Sum(hashes.SHA256, data)},
		{Mode: mode, Hash: hashes.Sum(hashes.SHA512, data)},
		{Mode: mode, Hash: hashes.Sum(hashes.SHA1, data)},
	}
}

// plainFile returns the file that a NAR holds, if that is not executable.
func plainFile(data []byte) ([]byte, bool) {
	r := nar.NewReader(bytes.NewReader(data))
	entry, err := r.Next()
	if err != nil || entry.Type != nar.Regular || entry.Executable {
		return nil, false
	}
	file, err := io.ReadAll(r)
	if err != nil {
		return nil, false
	}
	_, err = r.Next()
	return file, err == io.EOF
}
