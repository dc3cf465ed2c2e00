-- Every derivation that was ever read.
CREATE TABLE derivation (
	id        INTEGER PRIMARY KEY,
	path      TEXT NOT NULL UNIQUE,      -- "<digest>-<name>.drv"
	system    TEXT NOT NULL,             -- such as "x86_64-linux" or "builtin"
	inputs    BLOB NOT NULL,             -- ids of input derivations: a set, see set.go
	outputs   TEXT,                      -- "out=<digest>-<name> dev=…"; NULL for a source
	source_id INTEGER REFERENCES source  -- what a fixed-output derivation gives
) STRICT;

CREATE INDEX derivation_source ON derivation (source_id) WHERE source_id IS NOT NULL;

-- Every source: the output of fixed-output derivations, or of a call of
-- fetchurl, or of a want-list.
CREATE TABLE source (
	id         INTEGER PRIMARY KEY,
	out_path   TEXT NOT NULL UNIQUE,     -- "<digest>-<name>"
	name       TEXT NOT NULL,
	mode       TEXT NOT NULL CHECK (mode IN ('flat', 'recursive', 'git')),
	algo       TEXT NOT NULL,            -- of the promised hash
	hash       BLOB NOT NULL,            -- the promised digest
	kind       TEXT NOT NULL,
	rev        TEXT NOT NULL DEFAULT '',
	recipe     TEXT NOT NULL DEFAULT '', -- '': granary has none of its own
	keep_root  INTEGER NOT NULL DEFAULT 0 CHECK (keep_root IN (0, 1)),
	derived    INTEGER NOT NULL DEFAULT 0 CHECK (derived IN (0, 1)), -- a derivation gives it
	imported   INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1)), -- from a want-list
	object_id  INTEGER REFERENCES object, -- not NULL: the source is held
	held_by    TEXT CHECK (held_by IN ('flat', 'executable', 'unpack', 'nar')), -- its recipe
	reason     TEXT,                     -- of the last failure; NULL when there is none
	detail     TEXT,
	CHECK ((object_id IS NULL) = (held_by IS NULL)),
	CHECK (object_id IS NULL OR reason IS NULL)
) STRICT;

CREATE INDEX source_object ON source (object_id) WHERE object_id IS NOT NULL;

-- Where a source may be had, in the order in which nixpkgs tries.
CREATE TABLE url (
	source_id INTEGER NOT NULL REFERENCES source,
	position  INTEGER NOT NULL,
	url       TEXT NOT NULL,
	PRIMARY KEY (source_id, position)
) STRICT, WITHOUT ROWID;

-- Files on the disk that were durable when the row was written.
CREATE TABLE object (
	id   INTEGER PRIMARY KEY,
	algo TEXT NOT NULL,
	hash BLOB NOT NULL,
	size INTEGER NOT NULL CHECK (size >= 0), -- bytes
	held INTEGER NOT NULL,                   -- when it was stored: Unix seconds
	UNIQUE (algo, hash)
) STRICT;

-- What an attribute evaluated to. Equal results of several evaluations share
-- a row.
CREATE TABLE attribute (
	id            INTEGER PRIMARY KEY,
	path          TEXT NOT NULL,         -- in Nix's notation
	derivation_id INTEGER REFERENCES derivation,
	name          TEXT NOT NULL,
	unfree        INTEGER NOT NULL CHECK (unfree IN (0, 1)),
	error         TEXT,
	error_kind    TEXT CHECK (error_kind IN ('throw', 'crash', 'ifd', 'timeout', 'memory')),
	needs_id      INTEGER REFERENCES derivation, -- what an import from derivation needs
	CHECK ((derivation_id IS NULL) = (error_kind IS NOT NULL)),
	CHECK ((error IS NULL) = (error_kind IS NULL))
) STRICT;

CREATE INDEX attribute_path ON attribute (path);

-- One evaluation that came to its end.
CREATE TABLE snapshot (
	id          INTEGER PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE,
	tree        TEXT NOT NULL,
	revision    TEXT NOT NULL,
	system      TEXT NOT NULL,
	options     TEXT NOT NULL,           -- what else the evaluation was told
	nix         TEXT NOT NULL,           -- its version
	evaluated   INTEGER NOT NULL,        -- Unix seconds
	attributes  BLOB NOT NULL,           -- sets of ids, see set.go
	derivations BLOB NOT NULL,           -- in the closure of the attributes
	sources     BLOB NOT NULL,           -- of these derivations
	calls       BLOB NOT NULL            -- sources that fetchurl was called for
) STRICT;

-- The base URLs of mirror:// sites, newest list first.
CREATE TABLE mirror (
	site     TEXT NOT NULL,
	position INTEGER NOT NULL,
	url      TEXT NOT NULL,
	PRIMARY KEY (site, position)
) STRICT, WITHOUT ROWID;

-- Every attempt at a download.
CREATE TABLE attempt (
	id        INTEGER PRIMARY KEY,
	source_id INTEGER NOT NULL REFERENCES source,
	url       TEXT NOT NULL,             -- as it was asked for
	at        INTEGER NOT NULL,          -- Unix milliseconds, its begin
	ms        INTEGER NOT NULL,          -- how long it took
	status    INTEGER NOT NULL,          -- HTTP status, 0 if there was none
	bytes     INTEGER NOT NULL,          -- received
	reason    TEXT,                      -- NULL: it gave the right bytes
	detail    TEXT
) STRICT;

CREATE INDEX attempt_source ON attempt (source_id);
