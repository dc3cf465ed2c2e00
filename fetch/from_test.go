package fetch

import (
	"os"
	"testing"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
)

// fromTarball returns an archive, the source that it is, and the one that it
// unpacks to, both at url.
func fromTarball(t *testing.T, url string) (archive []byte, file, made granary.Source) {
	t.Helper()
	archive = tarball(t)
	file = flat(t, archive, url)
	made = newSource(t, granary.RecipeUnpack, unpacked(t, archive, false), url)
	made.KeepRoot, made.Strip = true, 1
	made.From, made.FromHash = file.OutPath, file.CA.Hash
	return archive, file, made
}

// TestFrom downloads an archive once, whichever of its sources is wanted first.
func TestFrom(t *testing.T) {
	for _, row := range []struct {
		name   string
		fetch  func(b *rig, file, made granary.Source) error
		events int
	}{
		{"together", func(b *rig, file, made granary.Source) error {
			return b.fetch(t.Context(), made, file)
		}, 2},
		{"the file first", func(b *rig, file, made granary.Source) error {
			if err := b.fetch(t.Context(), file); err != nil {
				return err
			}
			return b.fetch(t.Context(), made)
		}, 1},
		{"the tree first", func(b *rig, file, made granary.Source) error {
			if err := b.fetch(t.Context(), made); err != nil {
				return err
			}
			return b.fetch(t.Context(), file)
		}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			b.fetcher.Jobs = 1
			archive, file, made := fromTarball(t, b.URL+"/f")
			b.Handle("/f", badweb.Body(archive))
			if err := row.fetch(b, file, made); err != nil {
				t.Fatal(err)
			}
			for _, e := range b.events {
				if e.Kind != Held || e.Object.Hash != file.CA.Hash || e.Recipe != e.Source.Recipe {
					t.Errorf("got %+v", e)
				}
			}
			if got := b.objects(t); len(b.events) != row.events || len(got) != 1 {
				t.Errorf("got %d events, objects %v", len(b.events), got)
			}
			if got := len(b.Requests("/f")); got != 1 {
				t.Errorf("got %d requests, want 1", got)
			}
		})
	}
}

// TestFromOther has objects on the disk that do not give the source: the URL is
// asked, and what it brings is an object of its own.
func TestFromOther(t *testing.T) {
	for name, damage := range map[string]func(archive []byte) []byte{
		"no archive":      func([]byte) []byte { return []byte("junk") },
		"another archive": func(archive []byte) []byte { return archive[:len(archive)-8] },
		"more at its end": func(archive []byte) []byte { return append(archive, make([]byte, 512)...) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			archive, file, made := fromTarball(t, b.URL+"/f")
			path := b.fetcher.Disk.Path(file.CA.Hash)
			if err := os.MkdirAll(path[:len(path)-len("/")-2*hashes.SHA512.Size()], 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(archive), 0o666); err != nil {
				t.Fatal(err)
			}
			archive = tarball(t)
			b.Handle("/f", badweb.Body(archive))
			if err := b.fetch(t.Context(), made); err != nil {
				t.Fatal(err)
			}
			last, _ := b.last(t)
			if last.Kind != Held || last.Object.Hash != file.CA.Hash || last.URL == "" {
				t.Errorf("got %+v", last)
			}
			b.objects(t) // verifies them
		})
	}
}

// TestFromAnotherArchive gets an archive that is not the one promised, but
// unpacks to the same tree.
func TestFromAnotherArchive(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	archive, _, made := fromTarball(t, b.URL+"/f")
	other := append(archive, make([]byte, 512)...)
	b.Handle("/f", badweb.Body(other))
	if err := b.fetch(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	last, _ := b.last(t)
	if last.Kind != Held || last.Object.Hash != hashes.Sum(hashes.SHA256, other) {
		t.Errorf("got %+v", last)
	}
}
