package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"granary/eval"
	"granary/hashes"
)

// A validRig is a made-up tree of derivations with several outputs, evaluated onto a disk
// and into a store, in which any output can be made valid without a build.
type validRig struct {
	*model
	store  string
	drvs   []validDrv
	cache  string // folder of a binary cache
	cached map[string][]string
}

// A validDrv is a derivation of a validRig.
type validDrv struct {
	path    string
	outputs []string // names, the default output first
	paths   []string // of the outputs
	fixed   bool
}

func newValidRig(t *testing.T, r *rand.Rand, n int, tools bool) *validRig {
	t.Helper()
	offline(t)
	b := &validRig{
		model: &model{dir: t.TempDir()}, store: t.TempDir(), cache: t.TempDir(),
		cached: map[string][]string{},
	}
	tree := t.TempDir()
	text := b.expression(r, n, tools)
	checkTest(t, os.WriteFile(filepath.Join(tree, "default.nix"), []byte(text), 0o600))
	if got := b.granary(t, "eval", tree); got.status != 0 {
		t.Fatalf("granary eval: exit status %d: %s", got.status, got.stderr)
	}
	for i := range b.drvs {
		name := fmt.Sprint("d", i)
		d := &b.drvs[i]
		d.path, _, _ = strings.Cut(b.nix(t, "", "nix-instantiate", tree, "-A", name), "!")
		out := b.nix(t, "", "nix-instantiate", "--eval", "--strict", tree, "-A", name+".all")
		for _, m := range quotedText.FindAllStringSubmatch(out, -1) {
			d.paths = append(d.paths, m[1])
		}
	}
	info := "StoreDir: /nix/store\n"
	checkTest(t, os.WriteFile(filepath.Join(b.cache, "nix-cache-info"), []byte(info), 0o600))
	return b
}

var quotedText = regexp.MustCompile(`"([^"]*)"`)

// expression returns the tree: each derivation needs some outputs of those before it;
// those with fixed outputs only if they have tools.
func (b *validRig) expression(r *rand.Rand, n int, tools bool) string {
	var text strings.Builder
	text.WriteString("rec {\n")
	for i := range n {
		d := validDrv{outputs: []string{"out", "dev", "lib"}[:1+r.IntN(3)], fixed: r.IntN(3) == 0}
		r.Shuffle(len(d.outputs), func(i, j int) {
			d.outputs = slices.Clone(d.outputs)
			d.outputs[i], d.outputs[j] = d.outputs[j], d.outputs[i]
		})
		more := fmt.Sprintf("outputs = [ \"%s\" ];", strings.Join(d.outputs, `" "`))
		if d.fixed {
			d.outputs = []string{"out"}
			more = fmt.Sprintf(`outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "%064x";`, i)
		}
		if r.IntN(6) == 0 {
			more += " allowSubstitutes = false;"
		}
		if r.IntN(6) == 0 && !d.fixed {
			more += " __structuredAttrs = true;"
		}
		needs := b.needs(r)
		if d.fixed && !tools {
			needs = ""
		}
		fmt.Fprintf(&text, "d%d = (derivation { name = \"d%d\"; system = builtins.currentSystem; "+
			"builder = \"/bin/sh\"; %s\n  needs = [ %s ]; }) // { all = [ %s ]; };\n", i, i, more,
			needs, prefixed(fmt.Sprintf("d%d.", i), ".outPath", d.outputs))
		b.drvs = append(b.drvs, d)
	}
	text.WriteString("}\n")
	return strings.ReplaceAll(text.String(), "all = [", "all = map (p: builtins.unsafeDiscardStringContext p) [")
}

// needs returns what a derivation needs of those before it.
func (b *validRig) needs(r *rand.Rand) string {
	var words []string
	for range min(len(b.drvs), r.IntN(4)) {
		i := r.IntN(len(b.drvs))
		outputs := b.drvs[i].outputs
		words = append(words, fmt.Sprintf("d%d.%s", i, outputs[r.IntN(len(outputs))]))
	}
	return strings.Join(words, " ")
}

func prefixed(before, after string, words []string) string {
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = before + word + after
	}
	return strings.Join(all, " ")
}

// nix runs a program of Nix on the store.
func (b *validRig) nix(t *testing.T, input, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append([]string{"--store", b.store}, args...)...)
	var problems strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %.300q: %v\n%s", program, args, err, &problems)
	}
	return strings.TrimSpace(string(out))
}

// makeValid makes paths valid: for Nix that is a matter of its database.
func (b *validRig) makeValid(t *testing.T, paths []string) {
	t.Helper()
	var dump strings.Builder
	for _, path := range paths {
		fmt.Fprintf(&dump, "%s\n%s\n%d\n\n0\n", path, strings.Repeat("0", 64), 8)
	}
	b.nix(t, dump.String(), "nix-store", "--load-db")
}

// addToCache lets the cache have a path that refers to others.
func (b *validRig) addToCache(t *testing.T, path string, references []string) {
	t.Helper()
	b.cached[path] = references
	p := hashes.StorePath(path)
	text := fmt.Sprintf("StorePath: %s\nURL: nar/x\nCompression: none\nNarHash: sha256:%s\n"+
		"NarSize: 8\nReferences: ", path, strings.Repeat("1", 52))
	for _, reference := range references {
		text += hashes.StorePath(reference).Base() + " "
	}
	file := filepath.Join(b.cache, p.Digest()+".narinfo")
	checkTest(t, os.WriteFile(file, []byte(text+"\n"), 0o600))
}

var storeDrv = regexp.MustCompile(`(?m)^\s*(/nix/store/\S+\.drv)$`)

// dryRun returns the derivations that Nix would build for d, and whether it would
// know how to have all that it fetches.
func (b *validRig) dryRun(t *testing.T, d *validDrv, settings ...string) (built []string, sure bool) {
	t.Helper()
	args := append([]string{"--store", b.store, "--realise", "--dry-run"}, settings...)
	cmd := exec.CommandContext(t.Context(), "nix-store", append(args, d.path+"!"+d.outputs[0])...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("nix-store --realise --dry-run: %v\n%s", err, out)
	}
	for _, m := range storeDrv.FindAllStringSubmatch(string(out), -1) {
		built = append(built, m[1])
	}
	return built, !strings.Contains(string(out), "don't know how")
}

// outPaths returns all outputs.
func (b *validRig) outPaths() (all []string) {
	for i := range b.drvs {
		all = append(all, b.drvs[i].paths...)
	}
	return all
}

// missing counts the derivations with fixed outputs.
func (b *validRig) missing(drvs []string) (n int) {
	for i := range b.drvs {
		if b.drvs[i].fixed && slices.Contains(drvs, b.drvs[i].path) {
			n++
		}
	}
	return n
}

// check compares the answers for all attributes with what Nix would build.
func (b *validRig) check(t *testing.T, flags, settings []string) {
	t.Helper()
	lines, status := jsonLines[buildableLine](t, b.model,
		append([]string{"query", "buildable"}, flags...)...)
	if status != 0 || len(lines) != len(b.drvs) {
		t.Fatalf("got %d lines, exit status %d", len(lines), status)
	}
	for i := range lines {
		var number int
		_, err := fmt.Sscanf(lines[i].AttrPath, "d%d", &number)
		checkTest(t, err)
		d := &b.drvs[number]
		built, sure := b.dryRun(t, d, settings...)
		if !sure {
			t.Fatalf("%s: Nix does not know", lines[i].AttrPath)
		}
		want := fmt.Sprint(d.path, b.missing(built) == 0, b.missing(built))
		got := fmt.Sprint(*lines[i].DrvPath, lines[i].Buildable, lines[i].Missing)
		if got != want {
			t.Errorf("%s: got %s, want %s; Nix builds %q", lines[i].AttrPath, got, want, built)
		}
		if len(built) == 0 && !d.fixed && lines[i].Needs != 0 {
			t.Errorf("%s: got %d sources, want none: it is valid", lines[i].AttrPath, lines[i].Needs)
		}
	}
}

// TestValidIsWhatNixNeedNotBuild compares verdicts and counts with what Nix says that it
// would build, for stores and caches with random outputs in them. Nix builds the tools of
// fixed outputs that are to be built, as --full has it.
func TestValidIsWhatNixNeedNotBuild(t *testing.T) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 21))
		b := newValidRig(t, r, 20, seed%2 == 1)
		flags := []string{"--with-store", b.store}
		if seed%2 == 1 {
			flags = append(flags, "--full")
		}
		all := b.outPaths()
		var valid []string
		for range 3 {
			for range 1 + r.IntN(8) {
				valid = append(valid, all[r.IntN(len(all))])
			}
			b.makeValid(t, valid)
			b.check(t, flags, []string{"--option", "substitute", "false"})
		}
		for range 3 {
			for range 4 {
				path := all[r.IntN(len(all))]
				if _, ok := b.cached[path]; !ok { // else they may come to refer to each other
					b.addToCache(t, path, someOf(r, valid, b.cached))
				}
			}
			cache := "file://" + b.cache
			b.check(t, append(flags, "--with-cache", cache),
				[]string{"--option", "substitute", "true", "--option", "substituters", cache})
		}
	}
}

// someOf returns some of what is valid or cached.
func someOf(r *rand.Rand, valid []string, cached map[string][]string) (some []string) {
	for _, path := range slices.Sorted(maps.Keys(cached)) {
		if r.IntN(4) == 0 {
			some = append(some, path)
		}
	}
	if r.IntN(2) == 0 {
		some = append(some, valid[r.IntN(len(valid))])
	}
	return some
}

// TestInvalid asks Nix about more paths than one command line takes.
func TestInvalid(t *testing.T) {
	b := newValidRig(t, rand.New(rand.NewPCG(1, 22)), 2, false)
	b.makeValid(t, b.drvs[0].paths)
	var paths []hashes.StorePath
	for i := range 9000 {
		digest := hashes.Sum(hashes.SHA256, fmt.Append(nil, i)).NixBase32()[:32]
		paths = append(paths, hashes.StorePath("/nix/store/"+digest+"-"+strings.Repeat("x", 60)))
	}
	paths = append(paths, hashes.StorePath(b.drvs[0].paths[0]))
	for _, uri := range []string{b.store, "local?root=" + b.store} {
		invalid, err := eval.Nix{}.Invalid(t.Context(), uri, paths)
		if err != nil || !slices.Equal(invalid, paths[:9000]) {
			t.Errorf("%s: got %d of them, %v, want 9000", uri, len(invalid), err)
		}
	}
}
