// Package corpus makes files for measuring downloads: the same at any time and
// place, with lists of them as several programs read them.
package corpus

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// A Corpus is a row of files of random bytes, which do not compress.
type Corpus struct {
	Name  string
	Dir   string // where the files lie, and nothing else
	Files []File
}

// A File is one of them.
type File struct {
	Name   string // such as f000017.bin
	Size   int64  // bytes
	SHA256 string // base 16
}

// Total returns the size of all files in bytes.
func (c *Corpus) Total() (total int64) {
	for i := range c.Files {
		total += c.Files[i].Size
	}
	return total
}

const index = "index.json"

// Make writes the files of a corpus into dir/name, unless they are there, and
// returns it.
func Make(dir, name string, sizes []int64) (*Corpus, error) {
	dir = filepath.Join(dir, name)
	c := &Corpus{Name: name, Dir: filepath.Join(dir, "files")}
	if c.read(filepath.Join(dir, index)) == nil && c.has(sizes) {
		return c, nil
	}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(c.Dir, 0o755)); err != nil {
		return nil, fmt.Errorf("make corpus %s: %w", name, err)
	}
	c.Files = make([]File, len(sizes))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, size := range sizes {
		group.Go(func() (err error) {
			c.Files[i], err = makeFile(c.Dir, i, size)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("make corpus %s: %w", name, err)
	}
	return c, c.write(filepath.Join(dir, index))
}

func (c *Corpus) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &c.Files)
}

// write writes the index, which is there only when all files are.
func (c *Corpus) write(file string) error {
	text, err := json.Marshal(c.Files)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

func (c *Corpus) has(sizes []int64) bool {
	if len(c.Files) != len(sizes) {
		return false
	}
	for i, size := range sizes {
		if c.Files[i].Size != size {
			return false
		}
	}
	return true
}

func makeFile(dir string, i int, size int64) (f File, err error) {
	f = File{Name: fmt.Sprintf("f%06d.bin", i), Size: size}
	out, err := os.Create(filepath.Join(dir, f.Name))
	if err != nil {
		return f, err
	}
	hash := sha256.New()
	_, err = io.CopyN(io.MultiWriter(out, hash), Bytes(uint64(i)), size)
	f.SHA256 = fmt.Sprintf("%x", hash.Sum(nil))
	return f, errors.Join(err, out.Close())
}

// Bytes returns random bytes without an end, the same for the same seed.
func Bytes(seed uint64) io.Reader {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return rand.NewChaCha8(key)
}
