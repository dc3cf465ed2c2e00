-- Sources in mode text, checkouts by a version control program, messages of
-- requireFile, and what a want-list says. SQLite cannot change the CHECK of a
-- column: the table is made anew.
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
	size       INTEGER CHECK (size >= 0), -- bytes to download, as a want-list says
	object_id  INTEGER REFERENCES object, -- not NULL: the source is held
	held_by    TEXT CHECK (held_by IN ('flat', 'executable', 'unpack', 'nar')), -- its recipe
	reason     TEXT,                     -- of the last failure; NULL when there is none
	detail     TEXT,
	CHECK ((object_id IS NULL) = (held_by IS NULL)),
	CHECK (object_id IS NULL OR reason IS NULL)
) STRICT;

INSERT INTO new_source (id, out_path, name, mode, algo, hash, kind, rev, recipe, keep_root,
		derived, imported, object_id, held_by, reason, detail)
	SELECT id, out_path, name, mode, algo, hash, kind, rev, recipe, keep_root,
		derived, imported, object_id, held_by, reason, detail FROM source;

DROP TABLE source;
ALTER TABLE new_source RENAME TO source;

CREATE INDEX source_object ON source (object_id) WHERE object_id IS NOT NULL;

-- The fetches during evaluation that an attribute is blocked by, as granary attrs
-- shows them: JSON; NULL when there is none.
ALTER TABLE attribute ADD COLUMN fetch TEXT;

-- Sources that evaluation itself needs: eval-time fetches, flake inputs. A set.
ALTER TABLE snapshot ADD COLUMN fetches BLOB NOT NULL DEFAULT x'';

-- Store objects that no derivation gives: the texts of derivations, and their
-- input sources, such as patches. Those of one batch are packed together, in an
-- order in which whatever is referred to comes first; zstd compresses the pack.
CREATE TABLE pack (
	id   INTEGER PRIMARY KEY,
	data BLOB NOT NULL
) STRICT;

CREATE TABLE input_source (
	id      INTEGER PRIMARY KEY,
	path    TEXT NOT NULL UNIQUE,        -- "<digest>-<name>"
	refs    BLOB NOT NULL,               -- ids of the input sources it refers to: a set
	pack_id INTEGER REFERENCES pack DEFERRABLE INITIALLY DEFERRED, -- NULL: it is not kept, or
	                                     -- it is a derivation's path, whose text is below
	begin   INTEGER NOT NULL,            -- of its NAR in the pack, decompressed: bytes
	size    INTEGER NOT NULL
) STRICT;

-- Where the text of a derivation is; NULL as long as it is not kept.
ALTER TABLE derivation ADD COLUMN
	pack_id INTEGER REFERENCES pack DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE derivation ADD COLUMN begin INTEGER;   -- bytes, as above
ALTER TABLE derivation ADD COLUMN size INTEGER;
ALTER TABLE derivation ADD COLUMN sources BLOB;    -- ids of its input sources: a set
