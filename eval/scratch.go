package eval

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	_ "github.com/mattn/go-sqlite3" // the scratch store's database

	"granary"
	"granary/hashes"
)

// scratch is a Nix store that lasts as long as one evaluation.
type scratch struct{ dir string }

// newScratch makes a store below dir in which the derivations in known are
// valid, though their files are not there. Nix only asks whether a derivation
// is valid before it writes it; that its file is missing shows where an
// expression reads a .drv file, which then is an error of that attribute.
func newScratch(ctx context.Context, n Nix, dir string, known []hashes.StorePath) (scratch, error) {
	s := scratch{dir: dir}
	if len(known) == 0 {
		return s, nil
	}
	if err := s.init(ctx, n); err != nil {
		return s, err
	}
	if err := s.enter(ctx, known); err != nil {
		return s, fmt.Errorf("make scratch store %s: %w", dir, err)
	}
	return s, nil
}

// init has Nix make its database, if it is not there.
func (s scratch) init(ctx context.Context, n Nix) error {
	program, err := n.program("nix-store")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "--store", s.dir, "--init")
	cmd.Env = append(os.Environ(), "NIX_CONFIG=build-users-group =")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make scratch store %s: %s", s.dir, message(string(out)))
	}
	return nil
}

// add makes the output of source a valid path, as far as held can make it.
func (s scratch) add(
	ctx context.Context, n Nix, source granary.Source,
	held func(context.Context, granary.Source, string) (bool, error),
) (bool, error) {
	if err := s.init(ctx, n); err != nil {
		return false, err
	}
	file := s.file(string(source.OutPath))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return false, fmt.Errorf("add to scratch store: %w", err)
	}
	if ok, err := held(ctx, source, file); err != nil || !ok {
		return false, err
	}
	if err := s.enter(ctx, []hashes.StorePath{source.OutPath}); err != nil {
		return false, fmt.Errorf("add to scratch store %s: %w", s.dir, err)
	}
	return true, nil
}

// enter writes to Nix's database, whose schema (version 10) has not changed
// since 2016: src/libstore/schema.sql.
func (s scratch) enter(ctx context.Context, known []hashes.StorePath) error {
	db, err := sql.Open("sqlite3", filepath.Join(s.dir, "nix/var/nix/db/db.sqlite")+
		"?_sync=off&_txlock=immediate")
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(ctx,
		`INSERT OR IGNORE INTO ValidPaths (path, hash, registrationTime) VALUES (?, ?, 1)`)
	if err != nil {
		return err
	}
	unknownHash := "sha256:" + strings.Repeat("0", 64)
	for _, path := range known {
		if _, err := insert.ExecContext(ctx, string(path), unknownHash); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// file returns where the store keeps the store path p.
func (s scratch) file(p string) string { return filepath.Join(s.dir, p) }

func (s scratch) read(p string) (string, error) {
	text, err := os.ReadFile(s.file(p))
	return string(text), err
}
