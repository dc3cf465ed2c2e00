package fetch

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/internal/badweb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A rig is a server, a disk and a fetcher between them.
type rig struct {
	*badweb.Server
	fetcher *Fetcher
	events  []Event
}

func newRig(t testing.TB, server *badweb.Server) *rig {
	t.Helper()
	d, err := disk.Open(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	return &rig{Server: server, fetcher: &Fetcher{
		Disk: d, Transport: server.Transport, Mirrors: MirrorMap{},
		Netrc: filepath.Join(t.TempDir(), "netrc"),
	}}
}

func (b *rig) fetch(ctx context.Context, sources ...granary.Source) error {
	b.events = nil
	return b.fetcher.Fetch(ctx, sources, func(e Event) { b.events = append(b.events, e) })
}

// last returns the one event that is no retry, and the number of those.
func (b *rig) last(t *testing.T) (last Event, retries int) {
	t.Helper()
	for _, e := range b.events {
		if e.Kind == Left {
			continue
		}
		if e.Kind == Retry {
			retries++
		} else if last.Kind != "" {
			t.Errorf("two events that end a source: %v, %v", last, e)
		} else {
			last = e
		}
	}
	return last, retries
}

func (b *rig) tmp(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(b.fetcher.Disk.Dir(), "tmp"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, filepath.Ext(e.Name()))
	}
	return names
}

// objects returns the objects of the disk, each verified.
func (b *rig) objects(t *testing.T) (all []hashes.Hash) {
	t.Helper()
	for o, err := range b.fetcher.Disk.Objects() {
		if err == nil {
			_, err = b.fetcher.Disk.Verify(t.Context(), o.Hash)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o.Hash)
	}
	return all
}

func (b *rig) partial(t *testing.T, s granary.Source, note, content string) {
	t.Helper()
	temp, err := b.fetcher.Disk.CreateTemp(t.Context(), tempKey(&s))
	if err != nil {
		t.Fatal(err)
	}
	temp.SetNote(note)
	temp.Write([]byte(content))
	if err := temp.Close(); err != nil {
		t.Fatal(err)
	}
}

func newSource(
	t testing.TB, recipe granary.Recipe, want hashes.Hash, urls ...string,
) granary.Source {
	t.Helper()
	mode := hashes.Recursive
	if recipe == granary.RecipeFlat {
		mode = hashes.Flat
	}
	s, err := granary.NewSource("source", hashes.ContentAddress{Mode: mode, Hash: want})
	if err != nil {
		t.Fatal(err)
	}
	s.Recipe, s.URLs = recipe, urls
	return s
}

func flat(t testing.TB, body []byte, urls ...string) granary.Source {
	return newSource(t, granary.RecipeFlat, hashes.Sum(hashes.SHA512, body), urls...)
}

// noise returns bytes that do not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// loopback returns a server with a transport that reaches all of loopback.
func loopback(t testing.TB) *badweb.Server {
	s := badweb.New(t)
	s.Transport.DialContext = new(net.Dialer).DialContext
	return s
}
