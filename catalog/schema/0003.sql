-- What became of a source in a fetch, in a table of its own: its rows are small,
-- and to write one among a harvest's others costs a tenth of changing a source's.
-- An object is named by its hash; several sources may be held by one.
CREATE TABLE outcome (
	source_id   INTEGER PRIMARY KEY REFERENCES source,
	object_algo TEXT,                    -- not NULL: the source is held, and the object
	object_hash BLOB,                    -- was durable when the row was written
	object_size INTEGER CHECK (object_size >= 0), -- bytes
	held_by     TEXT CHECK (held_by IN ('flat', 'executable', 'unpack', 'nar')), -- its recipe
	at          INTEGER NOT NULL,        -- when that was recorded: Unix seconds
	reason      TEXT,                    -- of the last failure; NULL when there is none
	detail      TEXT,
	failed_url  TEXT,                    -- that the reason is of; NULL when it is of none
	CHECK ((object_hash IS NULL) = (object_algo IS NULL)),
	CHECK ((object_hash IS NULL) = (object_size IS NULL)),
	CHECK ((object_hash IS NULL) = (held_by IS NULL)),
	CHECK (object_hash IS NULL OR reason IS NULL),
	CHECK (reason IS NOT NULL OR failed_url IS NULL)
) STRICT;

INSERT INTO outcome (source_id, object_algo, object_hash, object_size, held_by, at, reason,
		detail, failed_url)
	SELECT s.id, o.algo, o.hash, o.size, s.held_by, coalesce(o.held,
			(SELECT max(at) / 1000 FROM attempt a WHERE a.source_id = s.id), 0),
		s.reason, s.detail,
		(SELECT url FROM attempt a WHERE a.source_id = s.id AND a.reason = s.reason
			ORDER BY a.detail IS s.detail DESC, a.id DESC LIMIT 1)
	FROM source s LEFT JOIN object o ON o.id = s.object_id
	WHERE s.object_id IS NOT NULL OR s.reason IS NOT NULL;

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
DROP TABLE object;

-- Attempts are appended, and read in their order, so that nothing but their rows is
-- to be written. What drops a source drops its attempts, too: there is no index by
-- which SQLite could look after that.
CREATE TABLE new_attempt (
	id        INTEGER PRIMARY KEY,
	source_id INTEGER NOT NULL,          -- of table source
	url       TEXT NOT NULL,             -- as it was asked for
	at        INTEGER NOT NULL,          -- Unix milliseconds, its begin
	ms        INTEGER NOT NULL,          -- how long it took
	status    INTEGER NOT NULL,          -- HTTP status, 0 if there was none
	bytes     INTEGER NOT NULL,          -- received
	reason    TEXT,                      -- NULL: it gave the right bytes
	detail    TEXT
) STRICT;

INSERT INTO new_attempt SELECT id, source_id, url, at, ms, status, bytes, reason, detail
	FROM attempt;

DROP TABLE attempt;
ALTER TABLE new_attempt RENAME TO attempt;

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
