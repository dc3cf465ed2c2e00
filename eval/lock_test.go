package eval

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
)

const narHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

// lockOf returns a flake.lock of nodes besides the root, whose inputs are given.
func lockOf(version int, inputs, nodes string) string {
	return fmt.Sprintf(`{"version": %d, "root": "root", "nodes": {
		"root": {"inputs": {%s}}%s}}`, version, inputs, nodes)
}

func TestParseLock(t *testing.T) {
	const a = `, "a": {"locked": {"type": "tarball", "url": "https://x/a"}, "inputs": {"b": ["b"]}}`
	const b = `, "b": {"locked": {"type": "path", "path": "./b"}, "parent": ["a"], "flake": false}`
	for _, row := range []struct{ name, text, want string }{
		{"no inputs", lockOf(7, ``, ``), ""},
		{"follows", lockOf(7, `"a": "a", "b": "b"`, a+b), ""},
		{"follows nothing", lockOf(6, `"a": "a"`, `, "a": {"locked": {"type": "git", "url": "u"},
			"inputs": {"none": []}}`), ""},
		{"version 5", lockOf(5, `"a": "a", "b": "b"`, a+b), ""},
		{"version 4", lockOf(4, ``, ``), "version 4 is not known"},
		{"version 8", lockOf(8, ``, ``), "version 8 is not known"},
		{"no JSON", `{"nodes": `, "unexpected end of JSON input\nunexpected end of JSON input"},
		{"no root", `{"version": 7, "root": "root", "nodes": {}}`,
			`there is no node "root", its root`},
		{"null", `null`, "version 0 is not known"},
		{"a null node", lockOf(7, ``, `, "a": null`), "input a: it is not locked"},
		{"not locked", lockOf(7, ``, `, "a": {}`), "input a: it is not locked"},
		{"unknown type", lockOf(7, ``, `, "a": {"locked": {"type": "pigeon"}}`),
			`input a: unknown type "pigeon"`},
		{"no such node", lockOf(7, ``, `, "a": {"locked": {"type": "git"}, "inputs": {"c": "c"}}`),
			`input a: its input c: there is no node "c"`},
		{"follows what is not there", lockOf(7, `"a": "a"`, a),
			`input a: its input b: root has no input "b" to follow`},
		{"follows itself", lockOf(7, `"b": ["c"], "c": ["b"]`,
			`, "a": {"locked": {"type": "git"}, "inputs": {"b": ["b"]}}`),
			"input a: its input b: it follows itself"},
		{"no such parent", lockOf(7, ``, b), `input b: root has no input "a" to follow`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := ParseLock([]byte(row.text))
			want := row.want
			if want != "" {
				want = "read flake.lock: " + want
			}
			if got := fmt.Sprint(err); got != want && (err != nil || want != "") {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestFlakeInputs has an input of every type.
func TestFlakeInputs(t *testing.T) {
	for _, row := range []struct{ name, locked, want string }{
		{"github", `"type": "github", "owner": "o", "repo": "r", "rev": "abc"`,
			"unpack https://github.com/o/r/archive/abc.tar.gz abc"},
		{"github elsewhere", `"type": "github", "host": "h", "owner": "o", "repo": "r", "rev": "abc"`,
			"unpack https://h/o/r/archive/abc.tar.gz abc"},
		{"gitlab", `"type": "gitlab", "owner": "o/p", "repo": "r", "rev": "abc"`,
			"unpack https://gitlab.com/api/v4/projects/o%2Fp%2Fr/repository/archive.tar.gz?sha=abc abc"},
		{"sourcehut", `"type": "sourcehut", "owner": "~o", "repo": "r", "rev": "abc"`,
			"unpack https://git.sr.ht/~o/r/archive/abc.tar.gz abc"},
		{"tarball", `"type": "tarball", "url": "https://x/y.tar.gz"`, "unpack https://x/y.tar.gz "},
		{"git", `"type": "git", "url": "https://x/y", "rev": "abc", "ref": "main"`,
			"checkout https://x/y abc"},
		{"git with submodules", `"type": "git", "url": "https://x/y", "rev": "abc", "submodules": true`,
			"checkout https://x/y abc submodules"},
		{"git without revision", `"type": "git", "url": "https://x/y"`, " https://x/y "},
		{"file", `"type": "file", "url": "https://x/y"`, " https://x/y "},
		{"hg", `"type": "hg", "url": "https://x/y", "rev": "abc"`, " https://x/y abc"},
		{"path", `"type": "path", "path": "/x"`, "none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := lockOf(7, `"a": "a"`, `, "a": {"locked": {`+row.locked+`, "narHash": "`+narHash+`"}}`)
			lock, err := ParseLock([]byte(text))
			check(t, err)
			got := "none"
			for _, s := range (&Flake{Lock: lock}).Inputs() {
				if s.Kind != granary.KindFlakeInput || s.Name != "source" {
					t.Errorf("got %+v", s)
				}
				got = fmt.Sprintf("%s %s %s", s.Recipe, strings.Join(s.URLs, " "), s.Rev)
				if s.Checkout.Submodules {
					got += " submodules"
				}
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
	lock, err := ParseLock([]byte(lockOf(7, ``, `, "a": {"locked": {"type": "git", "url": "u"}}`)))
	check(t, err)
	if got := (&Flake{Lock: lock}).Inputs(); len(got) > 0 {
		t.Errorf("an input without a hash gave the sources %v", got)
	}
}

// FuzzParseLock checks that whatever is accepted can be handed to Nix, and is
// accepted once more.
func FuzzParseLock(f *testing.F) {
	f.Add(lockOf(7, `"a": "a", "b": ["a", "b"]`, `, "a": {"locked": {"type": "github", "owner": "o",
		"repo": "r", "rev": "abc", "narHash": "`+narHash+`"}, "inputs": {"b": "b"}},
		"b": {"flake": false, "parent": [], "locked": {"type": "path", "path": "b"}}`))
	f.Fuzz(func(t *testing.T, text string) {
		lock, err := ParseLock([]byte(text))
		if err != nil {
			return
		}
		(&Flake{Lock: lock}).Inputs()
		out, err := lock.nix()
		check(t, err)
		if !json.Valid(out) {
			t.Fatalf("no JSON: %s", out)
		}
		again, err := ParseLock(out)
		if err != nil {
			t.Fatalf("not accepted once more: %v", err)
		}
		if diff := cmp.Diff(lock.keys(), again.keys()); diff != "" {
			t.Errorf("nodes (-first +second):\n%s", diff)
		}
	})
}

// TestFlakeFolders has inputs that are folders of this machine, one of them
// relative to another.
func TestFlakeFolders(t *testing.T) {
	other := writeFolders(t, map[string]string{
		"flake.nix":       `{ outputs = { self }: { word = "other"; }; }`,
		"inner/flake.nix": `{ outputs = { self }: { word = "inner"; }; }`,
	})
	lock, err := ParseLock([]byte(lockOf(7, `"other": "other", "inner": "inner", "own": "own"`, `,
		"other": {"locked": {"type": "path", "path": "`+other+`", "narHash": "`+narHash+`"}},
		"inner": {"locked": {"type": "path", "path": "./inner"}, "parent": ["other"]},
		"own": {"flake": false, "locked": {"type": "path", "path": "./data"}, "parent": []}`)))
	check(t, err)
	folder := writeFolders(t, map[string]string{
		"flake.nix": `{ outputs = { self, other, inner, own }: {
			packages.` + system + `.a = derivation {
				name = other.word + inner.word + builtins.readFile "${own}/name";
				system = "` + system + `"; builder = "/bin/sh"; src = self;
			}; }; }`,
		"data/name": "own",
	})
	f := evaluate(t, &Evaluator{Subject: Subject{Flake: &Flake{
		Name: "it", Source: folder, Lock: lock,
	}}}).ok(t)
	if got := f.attribute(t, "packages."+system+".a"); got.Name != "otherinnerown" {
		t.Errorf("got %+v", got)
	}
}
