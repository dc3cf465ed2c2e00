package eval

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"granary/hashes"
)

// pathsAtOnce is how many paths Nix is asked about by one command line: fewer than 1 MiB.
const pathsAtOnce = 4000

// Invalid returns those of paths that are not valid in the Nix store at uri: "auto",
// "daemon", a folder, or whatever else Nix takes for one. A folder without a store is
// an error; Nix would make one there. Else the error is ErrNoNix, or Nix's own message.
func (n Nix) Invalid(
	ctx context.Context, uri string, paths []hashes.StorePath,
) (invalid []hashes.StorePath, err error) {
	if root := storeRoot(uri); root != "" {
		if _, err := os.Stat(filepath.Join(root, "nix/var/nix/db")); err != nil {
			return nil, fmt.Errorf("no Nix store is there: %w", err)
		}
	}
	for some := range slices.Chunk(paths, pathsAtOnce) {
		args := []string{"--store", uri, "--check-validity", "--print-invalid"}
		if strings.HasPrefix(uri, "s3:") { // of which Nix remembers answers
			args = append(args, "--option", "narinfo-cache-positive-ttl", "0",
				"--option", "narinfo-cache-negative-ttl", "0")
		}
		for _, path := range some {
			args = append(args, string(path))
		}
		out, err := n.output(ctx, "nix-store", args...)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(out) {
			invalid = append(invalid, hashes.StorePath(strings.TrimSpace(line)))
		}
	}
	return invalid, nil
}

// storeRoot returns the folder that has the store of uri below it, or "" if that is not to
// be told: openStore in Nix's src/libstore/store-api.cc.
func storeRoot(uri string) string {
	base, query, _ := strings.Cut(uri, "?")
	switch {
	case base == "local":
		settings, _ := url.ParseQuery(query)
		return settings.Get("root")
	case strings.Contains(base, "/") && !strings.Contains(base, "://"):
		return base
	}
	return ""
}
