package eval

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"granary"
	"granary/hashes"
)

// What an expression fetches while it is evaluated:
//
//  1. A worker has no network. An attribute that dies of that is evaluated once
//     more by a worker that imports every file with fetchers.nix in place of
//     Nix's fetchers: these tell what they are asked for, and abort.
//  2. What the disk holds of that is put into the scratch store, and the
//     attribute is visited again, by a worker of the first kind: with a hash, Nix
//     looks into its store before it downloads. fetchGit and fetchTree do not;
//     those of fetchers.nix do.
//  3. What the disk does not hold blocks the attribute.

// A BlockedError means that nothing could be evaluated, for want of a download.
type BlockedError struct {
	Tree    string
	Fetch   granary.Fetch
	Message string
}

func (e *BlockedError) Error() string {
	return fmt.Sprintf("evaluate %s: it %s", e.Tree, e.Message)
}

// notFetched is how fetchers.nix aborts.
const notFetched = "granary: not fetched"

// networkPattern is what Nix and git print of a network that is not there, and
// what Nix says of fetchTree when that is not turned on.
var networkPattern = regexp.MustCompile(`unable to download '|[Cc]ould(n't| not) resolve host|` +
	`transport '[a-z]+' not allowed|[Ff]ailed to fetch (git|Git) repository|` +
	`program '(git|hg)' failed|\b(git|hg) failed with exit code|executing '(git|hg)'|` +
	`access to URI '[^']*' is forbidden|` +
	`undefined variable 'fetchTree'|attribute 'fetchTree' missing|` +
	`[Ee]xperimental (Nix )?feature '(flakes|fetch-tree)' is disabled`)

func needsNetwork(printed string) bool { return networkPattern.MatchString(printed) }

// served are the sources in a scratch store that expressions fetch.
type served struct {
	paths   map[string]hashes.StorePath // by what fetchers.nix tells of the fetch
	changes int
}

// fetching is a fetch that an attribute waits for.
type fetching struct {
	text string // as fetchers.nix told it
	call fetchCall
}

// fetches takes the event of that name.
func (v *visitor) fetches(ev event) error {
	call, err := parseFetch(ev.value)
	if err != nil {
		return err
	}
	v.fetching = fetching{string(ev.value), call}
	if source, err := call.source(); err == nil {
		v.out.fetch(source)
	}
	return nil
}

// others has paths visited by a worker with fetchers that tell of themselves.
func (v *visitor) others(ctx context.Context, paths []AttrPath) ([]AttrPath, error) {
	if v.store == nil {
		store, err := v.newStore(ctx)
		if err != nil {
			return nil, err
		}
		v.store = &store
	}
	if v.other == nil {
		v.other = &visitor{
			run: v.run, number: v.number, store: v.store, served: v.served, scoped: true,
		}
	}
	return v.other.visit(ctx, paths)
}

// failedWithoutNetwork has the current attribute visited once more, to learn
// what it fetches. If the package set itself can be entered only so, all of it
// is visited so.
func (v *visitor) failedWithoutNetwork(ctx context.Context) error {
	path := v.at
	v.attr.Path = "" // the other visitor hands it on
	v.finish()
	found, err := v.others(ctx, []AttrPath{path})
	if err != nil {
		return err
	}
	v.found = append(v.found, found...)
	again := slices.ContainsFunc(found, func(p AttrPath) bool { return len(p) == 0 })
	if len(path) == 0 && !again {
		v.run.scoped.Store(true)
	}
	return nil
}

// needsFetch ends the current attribute, which stopped at a fetch: it is
// visited again if the disk holds what is fetched, or else blocked.
func (v *visitor) needsFetch(ctx context.Context) error {
	path := v.at
	held, err := v.serve(ctx, v.fetching)
	if err != nil {
		return err
	}
	if held {
		v.attr.Path = ""
		v.finish()
		v.found = append(v.found, path)
		return nil
	}
	fetch, _ := v.fetching.call.fetch()
	text := v.fetching.call.blocks(fetch)
	if len(path) == 0 {
		return &BlockedError{v.name(), fetch, text}
	}
	v.attr.Kind, v.attr.Error, v.attr.Fetch = granary.ErrorCrash, text, fetch
	v.finish()
	return nil
}

// blocks says why an attribute is blocked by f.
func (c fetchCall) blocks(f granary.Fetch) string {
	text := "needs to download " + f.URL + " while it is evaluated"
	if f.Kind == granary.KindFlakeInput {
		text = fmt.Sprintf("needs the flake input %s, %s", c.Args.Name, f.URL)
	}
	switch _, err := c.source(); {
	case err == errNoHash:
		return text + ", and " + err.Error()
	case err != nil:
		return text + ": " + err.Error()
	}
	return text
}

// serve puts what is fetched into the scratch store, if the disk holds it, and
// tells whether that is new. With one input of a flake come the others.
func (v *visitor) serve(ctx context.Context, f fetching) (bool, error) {
	added, err := v.serveOne(ctx, f)
	if err != nil || !added {
		return false, err
	}
	if f.call.kind() == granary.KindFlakeInput && v.Subject.Flake != nil {
		for _, input := range v.Subject.Flake.fetches() {
			if _, err := v.serveOne(ctx, input); err != nil {
				return false, err
			}
		}
	}
	v.served.changes++
	return true, v.served.write(filepath.Join(v.store.dir, "served.nix"))
}

func (v *visitor) serveOne(ctx context.Context, f fetching) (bool, error) {
	source, err := f.call.source()
	if _, ok := v.served.paths[f.text]; ok || err != nil {
		return false, nil
	}
	if !v.served.has(source.OutPath) {
		held, err := v.store.add(ctx, v.Nix, source, v.Held)
		if err != nil || !held {
			return false, err
		}
	}
	if v.served.paths == nil {
		v.served.paths = map[string]hashes.StorePath{}
	}
	v.served.paths[f.text] = source.OutPath
	return true, nil
}

func (s *served) has(path hashes.StorePath) bool {
	for _, p := range s.paths {
		if p == path {
			return true
		}
	}
	return false
}

// write writes what fetchers.nix reads.
func (s *served) write(file string) error {
	var text strings.Builder
	text.WriteString("{\n")
	for fetch, path := range s.paths {
		fmt.Fprintf(&text, "  %s = %s;\n", nixString(fetch), nixString(string(path)))
	}
	text.WriteString("}\n")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("serve fetches: %w", err)
	}
	return nil
}

// name is what is evaluated, for errors.
func (r *run) name() string {
	switch s := r.Subject; {
	case s.NixOS != "":
		return s.NixOS
	case s.File != "":
		return s.File
	case s.Expr != "":
		return "the expression"
	case s.Flake != nil:
		return s.Flake.Name
	}
	return r.Tree
}
