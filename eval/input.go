package eval

import (
	"cmp"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"granary"
	"granary/hashes"
)

// An InputSource is what a derivation needs and no derivation gives, such as a
// patch or a builder's script.
type InputSource struct {
	Path hashes.StorePath
	File string // the file or folder that it is, there until Run returns
	// References are the store objects that it refers to, sorted: what a text
	// made by builtins.toFile names.
	References []hashes.StorePath
}

// inputs adds the input sources of d to r.found, and to all the derivations
// that d names as files without being built from them.
func (r *reader) inputs(
	s scratch, d *granary.Derivation, all []*granary.Derivation,
) (_ []*granary.Derivation, err error) {
	for _, path := range d.Sources {
		if all, err = r.input(s, path, all); err != nil {
			return all, fmt.Errorf("read input source of %s: %w", d.Path, err)
		}
	}
	return all, nil
}

func (r *reader) input(
	s scratch, path string, all []*granary.Derivation,
) (_ []*granary.Derivation, err error) {
	if strings.HasSuffix(path, ".drv") {
		return r.closure(s, hashes.StorePath(path), all)
	}
	if r.seen[hashes.StorePath(path)] {
		return all, nil
	}
	in := InputSource{Path: hashes.StorePath(strings.Clone(path)), File: s.file(path)}
	r.seen[in.Path] = true
	if _, err := os.Lstat(in.File); err != nil {
		// Whoever has no such file, does not have what is made from it.
		r.log.Warn("an input source is not in the scratch store", "error", err)
		return all, nil
	}
	references, err := r.references(s, path)
	if err != nil {
		return all, err
	}
	for _, reference := range references {
		if reference == path {
			continue
		}
		if all, err = r.input(s, reference, all); err != nil {
			return all, err
		}
		in.References = append(in.References, hashes.StorePath(reference))
	}
	r.found = append(r.found, in)
	return all, nil
}

// references asks Nix's database what the store object at path refers to:
// src/libstore/schema.sql.
func (r *reader) references(s scratch, path string) (all []string, err error) {
	query := r.databases[s.dir]
	if query == nil {
		if query, err = openReferences(s); err != nil {
			return nil, err
		}
		r.databases[s.dir] = query
	}
	rows, err := query.Query(path)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var reference string
		if err := rows.Scan(&reference); err != nil {
			return nil, err
		}
		all = append(all, reference)
	}
	return all, rows.Err()
}

// A database is the open one of a scratch store, with its one query.
type database struct {
	db *sql.DB
	*sql.Stmt
}

func openReferences(s scratch) (*database, error) {
	file := url.URL{Path: filepath.Join(s.dir, "nix/var/nix/db/db.sqlite")}
	db, err := sql.Open("sqlite3", "file:"+file.EscapedPath()+"?mode=ro&_busy_timeout=60000")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	query, err := db.Prepare(`SELECT r.path FROM ValidPaths p
		JOIN Refs ON referrer = p.id JOIN ValidPaths r ON r.id = reference
		WHERE p.path = ? ORDER BY r.path`)
	if err != nil {
		return nil, cmp.Or(err, db.Close())
	}
	return &database{db, query}, nil
}

// close closes the databases. A failure has no effect: they were only read.
func (r *reader) close() {
	for _, d := range r.databases {
		_ = d.Close()
		_ = d.db.Close()
	}
}
