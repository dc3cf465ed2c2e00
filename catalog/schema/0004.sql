-- How large the downloads of sources are, as servers said; see size.go.
CREATE TABLE size (
	source_id INTEGER PRIMARY KEY REFERENCES source,
	bytes     INTEGER CHECK (bytes >= 0), -- to download; NULL: who was asked did not say
	exact     INTEGER NOT NULL CHECK (exact IN (0, 1)), -- 0: about so many
	origin    TEXT NOT NULL CHECK (origin IN ('head', 'narinfo', 'attempt')),
	at        INTEGER NOT NULL            -- when it was said: Unix seconds
) STRICT;
