package fetch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
	"granary/nar"
)

// A nixRig is a rig with a builder, whose Nix is that of this machine with an
// empty store in /nix: its programs run in mounts of their own.
type nixRig struct {
	*rig
	dir  string
	drvs map[string]hashes.StorePath // by the name of the attribute
}

func newNixRig(t *testing.T) *nixRig {
	t.Helper()
	n := &nixRig{rig: newRig(t, badweb.New(t)), dir: t.TempDir(), drvs: map[string]hashes.StorePath{}}
	t.Cleanup(func() { // what is in a store is read-only
		exec.Command("chmod", "-R", "u+w", n.dir).Run()
	})
	t.Setenv("NIX_CONFIG", "build-users-group =\nsandbox = false\nsubstituters =\n"+
		"experimental-features = nix-command")
	t.Setenv("NIX_REMOTE", "")
	t.Setenv("XDG_CACHE_HOME", filepath.Join(n.dir, "cache"))
	flags := "--mount --propagation=unchanged"
	if os.Getuid() != 0 {
		flags += " --map-root-user"
	}
	for _, folder := range []string{"nix", "scratch", "bin"} {
		check(t, os.Mkdir(filepath.Join(n.dir, folder), 0o755))
	}
	for _, name := range []string{"nix", "nix-store"} {
		program, err := exec.LookPath(name)
		check(t, err)
		check(t, os.WriteFile(filepath.Join(n.dir, "bin", name), []byte("#!/bin/sh\n"+
			"exec unshare "+flags+" sh -c 'mount --bind "+n.dir+"/nix /nix && exec \"$@\"' sh "+
			program+" \"$@\"\n"), 0o755))
	}
	n.fetcher.Builder = &Builder{
		Programs: filepath.Join(n.dir, "bin"), Derivations: map[hashes.StorePath]hashes.StorePath{},
		Provide: func(_ context.Context, drvs []hashes.StorePath, dir string) error {
			args := []string{"copy", "--derivation", "--to", "file://" + dir + "?compression=none"}
			for _, drv := range drvs {
				args = append(args, string(drv))
			}
			n.nix(t, "nix", args...)
			return nil
		},
	}
	return n
}

// nix runs a program in the scratch store.
func (n *nixRig) nix(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, append(args, "--store", filepath.Join(n.dir, "scratch"))...)
	var out, message bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &message
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, message.String())
	}
	return strings.TrimSpace(out.String())
}

// source instantiates the attribute of testdata/builder.nix, and returns what
// granary knows of it.
func (n *nixRig) source(t *testing.T, attr string, ca hashes.ContentAddress) granary.Source {
	t.Helper()
	drv := n.nix(t, "nix-instantiate", "testdata/builder.nix", "--attr", attr)
	s, err := granary.NewSource(attr, ca)
	check(t, err)
	s.Kind = granary.KindOther
	n.drvs[attr] = hashes.StorePath(drv)
	n.fetcher.Builder.Derivations[s.OutPath] = hashes.StorePath(drv)
	return s
}

func flatOf(text string) hashes.ContentAddress {
	return hashes.ContentAddress{Mode: hashes.Flat, Hash: hashes.Sum(hashes.SHA256, []byte(text))}
}

func recursive(t *testing.T, sri string) hashes.ContentAddress {
	t.Helper()
	h, err := hashes.ParseSRI(sri)
	check(t, err)
	return hashes.ContentAddress{Mode: hashes.Recursive, Hash: h}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// outcomes returns what the events say of each source, by name.
func (n *nixRig) outcomes(t *testing.T) map[string]Event {
	t.Helper()
	all := map[string]Event{}
	for _, e := range n.events {
		if _, twice := all[e.Source.Name]; twice {
			t.Errorf("two events of %s", e.Source.Name)
		}
		all[e.Source.Name] = e
	}
	return all
}

const treeHash = "sha256-+0fJuN0KYGvt7QkrQstJm8qfMVdJ6iGICwYpFd+O7Zc="

func TestBuilder(t *testing.T) {
	n := newNixRig(t)
	n.fetcher.Builder.Batch = 3
	requireFile := n.source(t, "byHand", flatOf("by hand"))
	requireFile.Kind = granary.KindRequireFile
	sources := []granary.Source{
		n.source(t, "flat", flatOf("flat\n")),
		n.source(t, "tree", recursive(t, treeHash)),
		n.source(t, "structured", flatOf("b\n")),
		n.source(t, "fails", flatOf("fails")),
		n.source(t, "wrong", flatOf("right\n")),
		n.source(t, "needsFailing", flatOf("needs")),
		requireFile,
	}
	noDerivation, err := granary.NewSource("noDerivation", flatOf("x"))
	check(t, err)
	check(t, n.fetch(t.Context(), append(sources, noDerivation)...))
	got := n.outcomes(t)
	for name, want := range map[string]struct {
		reason Reason
		recipe granary.Recipe
		detail []string
	}{
		"flat":       {recipe: granary.RecipeFlat},
		"tree":       {recipe: granary.RecipeNAR},
		"structured": {recipe: granary.RecipeFlat},
		"fails": {
			reason: ReasonBuildFailed, detail: []string{"exit code 3", "line 11\n", "\nline 20"},
		},
		"wrong": {reason: ReasonWrongHash, detail: []string{
			"hash mismatch", "got: " + hashes.Sum(hashes.SHA256, []byte("left\n")).SRI(), "\nto the left",
		}},
		"needsFailing": {reason: ReasonBuildFailed, detail: []string{
			"it needs /nix/store/", "-broken.drv: ", "exit code 4", "\nbroken indeed",
		}},
		"byHand":       {reason: ReasonNeedsBuilder},
		"noDerivation": {reason: ReasonNeedsBuilder},
	} {
		e := got[name]
		if (e.Kind == Held) != (want.reason == "") || e.Reason != want.reason ||
			e.Recipe != want.recipe {
			t.Errorf("%s: got %s by %q, %s (%s)", name, e.Kind, e.Recipe, e.Reason, e.Detail)
		}
		for _, part := range want.detail {
			if !strings.Contains(e.Detail, part) {
				t.Errorf("%s: got detail %q, want %q in it", name, e.Detail, part)
			}
		}
		if strings.Contains(e.Detail, "line 10\n") || strings.Contains(e.Detail, "\x1b") {
			t.Errorf("%s: got detail %q", name, e.Detail)
		}
		if built := len(want.detail) > 0 || want.reason == ""; built && e.URL != string(n.drvs[name]) {
			t.Errorf("%s: got URL %q, want the derivation", name, e.URL)
		}
	}
	n.checkObjects(t, sources[:3], got)
}

// checkObjects compares what is on the disk with what Nix has.
func (n *nixRig) checkObjects(t *testing.T, sources []granary.Source, got map[string]Event) {
	t.Helper()
	if stored := n.objects(t); len(stored) != len(sources) {
		t.Fatalf("got objects %v", stored)
	}
	for _, s := range sources {
		file, err := n.fetcher.Disk.OpenObject(got[s.Name].Object.Hash)
		check(t, err)
		defer file.Close()
		size := got[s.Name].Object.Size
		text := make([]byte, size)
		_, err = file.ReadAt(text, 0)
		check(t, err)
		if s.CA.Mode == hashes.Flat && hashes.Sum(hashes.SHA256, text) != s.CA.Hash {
			t.Errorf("%s: got %q", s.Name, text)
		}
		if s.CA.Mode == hashes.Recursive && !bytes.HasPrefix(text, []byte("\x28\xb5\x2f\xfd")) {
			t.Errorf("%s: the object is no zstd", s.Name)
		}
	}
	if left := n.tmp(t); len(left) > 0 {
		t.Errorf("left in tmp: %v", left)
	}
}

// TestBuilderAgain has a new disk: what was built is in the store.
func TestBuilderAgain(t *testing.T) {
	n := newNixRig(t)
	flat := n.source(t, "flat", flatOf("flat\n"))
	check(t, n.fetch(t.Context(), flat))
	other := newRig(t, n.Server)
	n.fetcher.Disk = other.fetcher.Disk
	check(t, n.fetch(t.Context(), flat))
	e := n.outcomes(t)["flat"]
	if e.Kind != Held || e.Duration != 0 {
		t.Errorf("got %s after %s, %s", e.Kind, e.Duration, e.Reason)
	}
}

// TestBuilderStore names the store, which has the output already.
func TestBuilderStore(t *testing.T) {
	n := newNixRig(t)
	store := t.TempDir()
	n.fetcher.Builder.Programs, n.fetcher.Builder.Store = "", store
	flat := n.source(t, "flat", flatOf("flat\n"))
	file := filepath.Join(t.TempDir(), "flat")
	check(t, os.WriteFile(file, []byte("flat\n"), 0o600))
	out, err := exec.Command("nix-store", "--store", store, "--add-fixed", "sha256", file).Output()
	check(t, err)
	if got := strings.TrimSpace(string(out)); got != string(flat.OutPath) {
		t.Fatalf("got %s, want %s", got, flat.OutPath)
	}
	n.fetcher.MaxSize = 4
	check(t, n.fetch(t.Context(), flat))
	if e := n.outcomes(t)["flat"]; e.Kind != Failed || e.Reason != ReasonTooLarge {
		t.Errorf("of 4 bytes at most: got %s, %s (%s)", e.Kind, e.Reason, e.Detail)
	}
	n.fetcher.MaxSize = 5
	check(t, n.fetch(t.Context(), flat))
	if e := n.outcomes(t)["flat"]; e.Kind != Held {
		t.Errorf("got %s, %s (%s)", e.Kind, e.Reason, e.Detail)
	}
}

// TestCopyOnlyFile has NARs that are none of one file, and a program that
// breaks off.
func TestCopyOnlyFile(t *testing.T) {
	var file, folder bytes.Buffer
	check(t, nar.WriteFile(&file, strings.NewReader("flat"), 4, false))
	check(t, nar.Dump(&folder, t.TempDir()))
	broken := errors.New("broken")
	for name, row := range map[string]struct {
		text string
		end  error
		want string
	}{
		"a file":         {text: file.String()},
		"a folder":       {text: folder.String(), want: string(ReasonBadArchive)},
		"no NAR":         {text: strings.Repeat("flat", 9), want: string(ReasonBadArchive)},
		"nothing":        {want: string(ReasonTruncated)},
		"half":           {text: file.String()[:60], want: string(ReasonTruncated)},
		"more":           {text: file.String() + "more", want: string(ReasonBadArchive)},
		"then it failed": {text: file.String()[:60], end: broken, want: "broken"},
	} {
		var got bytes.Buffer
		r := &run{Fetcher: &Fetcher{}}
		err := r.copyOnlyFile(t.Context(), &got, func(_ context.Context, w io.Writer) error {
			if _, err := io.WriteString(w, row.text); err != nil {
				return err
			}
			return row.end
		})
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", name, err, row.want)
		}
		if err == nil && got.String() != "flat" {
			t.Errorf("%s: got %q", name, got.String())
		}
	}
}

func TestBuilderWithoutNix(t *testing.T) {
	n := newNixRig(t)
	flat := n.source(t, "flat", flatOf("flat\n"))
	n.fetcher.Builder.Programs = t.TempDir()
	check(t, n.fetch(t.Context(), flat))
	e := n.outcomes(t)["flat"]
	if e.Kind != Failed || e.Reason != ReasonNeedsBuilder {
		t.Errorf("got %s, %s (%s)", e.Kind, e.Reason, e.Detail)
	}
}

// TestBuilderBroken has a Nix that cannot reach its store: one attempt is
// enough.
func TestBuilderBroken(t *testing.T) {
	n := newNixRig(t)
	n.fetcher.Builder.Batch = 1
	n.fetcher.Builder.Store = "unix:///nowhere/socket"
	sources := []granary.Source{
		n.source(t, "flat", flatOf("flat\n")), n.source(t, "fails", flatOf("fails")),
	}
	check(t, n.fetch(t.Context(), sources...))
	for name, e := range n.outcomes(t) {
		if e.Kind != Failed || e.Reason != ReasonBuildFailed ||
			!strings.Contains(e.Detail, "/nowhere/socket") {
			t.Errorf("%s: got %s, %s (%s)", name, e.Kind, e.Reason, e.Detail)
		}
	}
}

// TestBuilderInterrupt interrupts a build that takes for ever, after another
// one has ended: that one is held.
func TestBuilderInterrupt(t *testing.T) {
	n := newNixRig(t)
	sources := []granary.Source{
		n.source(t, "flat", flatOf("flat\n")), n.source(t, "forever", flatOf("forever")),
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var ended time.Time
	n.events = nil
	err := n.fetcher.Fetch(ctx, sources, func(e Event) {
		n.events = append(n.events, e)
		ended = time.Now()
		cancel()
	})
	if !errors.Is(err, context.Canceled) || time.Since(ended) > 1500*time.Millisecond {
		t.Errorf("got %v after %s", err, time.Since(ended))
	}
	if e := n.outcomes(t)["flat"]; e.Kind != Held || len(n.events) != 1 {
		t.Errorf("got events %v", n.events)
	}
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	check(t, err)
	for _, process := range processes {
		if line, _ := os.ReadFile(process); string(line) == "sleep\x007654321\x00" {
			t.Errorf("the builder still runs: %s", process)
		}
	}
}
