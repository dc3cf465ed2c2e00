-- What became of a source in a fetch, in a table of its own: its rows are small,
-- and to write one among a harvest's others costs a tenth of changing a source's.
CREATE TABLE outcome (
	source_id  INTEGER PRIMARY KEY REFERENCES source,
	object_id  INTEGER REFERENCES object, -- not NULL: the source is held
	held_by    TEXT CHECK (held_by IN ('flat', 'executable', 'unpack', 'nar')), -- its recipe
	reason     TEXT,                     -- of the last failure; NULL when there is none
	detail     TEXT,
	failed_url TEXT,                     -- that the reason is of; NULL when it is of none
	CHECK ((object_id IS NULL) = (held_by IS NULL)),
	CHECK (object_id IS NULL OR reason IS NULL),
	CHECK (reason IS NOT NULL OR failed_url IS NULL)
) STRICT;

INSERT INTO outcome (source_id, object_id, held_by, reason, detail, failed_url)
	SELECT id, object_id, held_by, reason, detail,
		(SELECT url FROM attempt a WHERE a.source_id = source.id AND a.reason = source.reason
			ORDER BY a.detail IS source.detail DESC, a.id DESC LIMIT 1)
	FROM source WHERE object_id IS NOT NULL OR reason IS NOT NULL;

CREATE INDEX outcome_object ON outcome (object_id) WHERE object_id IS NOT NULL;

CREATE TABLE new_source (
	id         INTEGER PRIMARY KEY,
	out_path   TEXT NOT NULL UNIQUE,     -- "<digest>-<name>"
	name       TEXT NOT NULL,
	mode       TEXT NOT NULL CHECK (mode IN ('flat', 'recursive', 'text', 'git')),
	algo       TEXT NOT NULL,            -- of the promised hash
	hash       BLOB NOT NULL,            -- the promised digest
	kind       TEXT NOT NULL,
	rev        TEXT NOT NULL DEFAULT '',
	recipe     TEXT NOT NULL DEFAULT '', -- '': granary has none of its own
	keep_root  INTEGER NOT NULL DEFAULT 0 CHECK (keep_root IN (0, 1)),
	strip      INTEGER NOT NULL DEFAULT 0 CHECK (strip >= 0), -- leading names that go
	omit       TEXT NOT NULL DEFAULT '', -- paths in the archive that go, one a line
	from_path  TEXT NOT NULL DEFAULT '', -- out_path of the source that the recipe starts from
	checkout   TEXT NOT NULL DEFAULT '', -- JSON of granary.Checkout; '': the zero value
	message    TEXT NOT NULL DEFAULT '', -- what the user must do for it
	derived    INTEGER NOT NULL DEFAULT 0 CHECK (derived IN (0, 1)), -- a derivation gives it
	imported   INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1)), -- from a want-list
	listed     TEXT NOT NULL DEFAULT '', -- the want-list's fields that granary does not know: JSON
	size       INTEGER CHECK (size >= 0) -- bytes to download, as a want-list says
) STRICT;

INSERT INTO new_source SELECT id, out_path, name, mode, algo, hash, kind, rev, recipe, keep_root,
		strip, omit, from_path, checkout, message, derived, imported, listed, size FROM source;

DROP TABLE source;
ALTER TABLE new_source RENAME TO source;

-- Attempts are only ever appended, and read in their order.
DROP INDEX attempt_source;

-- The ledger: what became of each URL that a source was asked for at, for good.
-- Attempts are added up in it some time after they were written; of the
-- attempts themselves the latest are kept, see ledger.go.
CREATE TABLE ledger (
	source_id  INTEGER NOT NULL REFERENCES source,
	url        TEXT NOT NULL,            -- as it was asked for
	first_good INTEGER,                  -- it gave the right bytes: Unix seconds; NULL: never
	last_good  INTEGER,
	last_bad   INTEGER,                  -- it failed: Unix seconds; NULL: never
	reason     TEXT,                     -- of the last failure
	failures   INTEGER NOT NULL CHECK (failures >= 0), -- in a row, up to now
	bytes      INTEGER NOT NULL,         -- received in all
	ms         INTEGER NOT NULL,         -- that this took: attempts without a byte do not count
	PRIMARY KEY (source_id, url),
	CHECK ((first_good IS NULL) = (last_good IS NULL)),
	CHECK ((last_bad IS NULL) = (reason IS NULL))
) STRICT, WITHOUT ROWID;

-- How far the ledger goes: the last attempt that is in it. One row.
CREATE TABLE ledger_end (attempt_id INTEGER NOT NULL) STRICT;
INSERT INTO ledger_end VALUES (0);
