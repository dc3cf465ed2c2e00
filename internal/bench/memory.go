package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// bigSet is a package set of a large file and of a large archive, whose hashes
// stand for SHA256 and NARHASH.
const bigSet = `{ system ? builtins.currentSystem, ... }:
{
  file = derivation {
    name = "large.bin"; system = "builtin"; builder = "builtin:fetchurl"; url = "URL/large.bin";
    outputHashAlgo = "sha256"; outputHashMode = "flat"; outputHash = "SHA256";
  };
  archive = derivation {
    name = "source"; inherit system; builder = "/bin/sh"; url = "URL/large.tar.gz";
    mirrorsFile = ""; downloadToTemp = "1";
    outputHashAlgo = "sha256"; outputHashMode = "recursive"; outputHash = "NARHASH";
    postFetch = ''
      unpackDir="$TMPDIR/unpack"
      mkdir "$unpackDir"
      cd "$unpackDir"

      renamed="$TMPDIR/large.tar.gz"
      mv "$downloadedFile" "$renamed"
      unpackFile "$renamed"
      mv "$unpackDir" "$out"
    '';
  };
}
`

const (
	largeFile   = 3 << 30 // bytes
	largeDirs   = 100     // in the archive
	largeFiles  = 10      // in each folder
	largeMember = 2 << 20
	hugeMember  = 1 << 30
)

// memory measures granary while it fetches a file and an archive that are
// larger than what it may use.
func (b *bench) memory(ctx context.Context) error {
	dir := filepath.Join(b.dir, "memory")
	files := filepath.Join(dir, "files")
	if err := os.MkdirAll(files, 0o755); err != nil {
		return err
	}
	defer removeAll(dir)
	server := httptest.NewServer(http.FileServer(http.Dir(files)))
	defer server.Close()
	if err := makeLarge(ctx, dir, files, server.URL); err != nil {
		return err
	}
	u, err := b.measure(ctx, dir, b.granary, "harvest", filepath.Join(dir, "set"),
		"--disk", filepath.Join(dir, "disk"), "--no-substituters")
	if err != nil {
		return err
	}
	if u.status != 0 {
		return fmt.Errorf("a source was not held: %s", tail(u.stderr))
	}
	fmt.Printf("a file of 3 GiB, an archive that expands to 3 GiB: %.1f s\n", u.wall.Seconds())
	verdict("memory of granary", float64(u.memory)/(1<<20), 300, "MiB", true)
	return nil
}

// makeLarge makes the files, and the package set that wants them.
func makeLarge(ctx context.Context, dir, files, url string) error {
	sum := sha256.New()
	err := writeFile(filepath.Join(files, "large.bin"), func(w io.Writer) error {
		_, err := io.CopyN(io.MultiWriter(w, sum), random(1), largeFile)
		return err
	})
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(files, "large.tar.gz"), writeArchive); err != nil {
		return err
	}
	tree := filepath.Join(dir, "unpacked")
	if err := os.Mkdir(tree, 0o755); err != nil {
		return err
	}
	tarball := filepath.Join(files, "large.tar.gz")
	if err := exec.CommandContext(ctx, "tar", "-xf", tarball, "-C", tree).Run(); err != nil {
		return fmt.Errorf("tar: %w", err)
	}
	hash, err := exec.CommandContext(ctx, "nix-hash", "--type", "sha256", tree).Output()
	if err != nil {
		return fmt.Errorf("nix-hash: %w", err)
	}
	text := strings.NewReplacer("URL", url, "NARHASH", strings.TrimSpace(string(hash)),
		"SHA256", fmt.Sprintf("%x", sum.Sum(nil))).Replace(bigSet)
	set := filepath.Join(dir, "set")
	return errors.Join(os.RemoveAll(tree), os.Mkdir(set, 0o755),
		os.WriteFile(filepath.Join(set, "default.nix"), []byte(text), 0o644))
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	return errors.Join(write(w), w.Flush(), f.Close())
}

// writeArchive writes the files of each folder in falling order, so that none
// comes when a NAR wants it.
func writeArchive(w io.Writer) error {
	packed, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	out := tar.NewWriter(packed)
	for dir := range largeDirs {
		for file := largeFiles - 1; file >= 0; file-- {
			size := int64(largeMember)
			if dir == largeDirs/2 && file == 0 {
				size = hugeMember
			}
			header := &tar.Header{
				Name: fmt.Sprintf("dir%03d/file%03d", dir, file), Mode: 0o644, Size: size,
			}
			if err := out.WriteHeader(header); err != nil {
				return err
			}
			if _, err := io.CopyN(out, letters{random(uint64(dir))}, size); err != nil {
				return err
			}
		}
	}
	return errors.Join(out.Close(), packed.Close())
}

func random(seed uint64) io.Reader {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	return rand.NewChaCha8(key)
}

// letters makes bytes that compress to a half.
type letters struct{ io.Reader }

func (l letters) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	for i := range p[:n] {
		p[i] = 'a' + p[i]&15
	}
	return n, err
}
