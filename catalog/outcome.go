package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"granary"
	"granary/hashes"
)

// An Attempt is one try to have a source from one URL.
type Attempt struct {
	URL      string // as it was asked for
	At       time.Time
	Duration time.Duration
	Status   int    // of HTTP, 0 if there was none
	Bytes    int64  // received
	Reason   string // "" if it gave the right bytes
	Detail   string
}

// An Outcome is what became of one source in a fetch. Object is the zero Hash
// if it failed; then Reason says why.
type Outcome struct {
	OutPath  hashes.StorePath
	Object   hashes.Hash
	Recipe   granary.Recipe // by which the object serves the source
	Size     int64          // of the object, in bytes
	Reason   string
	Detail   string
	Attempts []Attempt
}

// failedURL returns the URL of the attempt that o's reason is of: the last one with
// that reason, and with the same detail if there is such a one.
func (o *Outcome) failedURL() (url string) {
	exact := false
	for i := range o.Attempts {
		a := &o.Attempts[i]
		if a.Reason == o.Reason && (a.Detail == o.Detail || !exact) {
			url, exact = a.URL, a.Detail == o.Detail
		}
	}
	return url
}

// RecordOutcomes records what became of sources, all or nothing. The objects
// must be durable already. A source takes 10 µs, where some thousands are recorded
// at a time; of 20,000 sources in all.
func (c *Catalog) RecordOutcomes(ctx context.Context, outcomes []Outcome) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		w, err := newOutcomeWriter(ctx, tx)
		if err != nil {
			return err
		}
		for i := range outcomes {
			if err := w.write(&outcomes[i]); err != nil {
				return fmt.Errorf("source %s: %w", outcomes[i].OutPath, err)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return c.rule.apply(ctx, tx, w.last)
	})
}

// An outcomeWriter holds the statements of a transaction. They run without a
// context, which would start a goroutine for each of them.
type outcomeWriter struct {
	object, sameObject, outcome, attempt *sql.Stmt

	last int64 // the row of the newest attempt
}

func newOutcomeWriter(ctx context.Context, tx *sql.Tx) (*outcomeWriter, error) {
	w := new(outcomeWriter)
	for _, s := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&w.object, `INSERT INTO object (algo, hash, size, held)
			VALUES (?, ?, ?, unixepoch()) ON CONFLICT DO NOTHING`},
		{&w.sameObject, `UPDATE object SET size = ? WHERE algo = ? AND hash = ? RETURNING id`},
		{&w.outcome, `INSERT OR REPLACE INTO outcome
			(source_id, object_id, held_by, reason, detail, failed_url)
			SELECT id, ?, ?, ?, ?, ? FROM source WHERE out_path = ?`},
		{&w.attempt, `INSERT INTO attempt
			(source_id, url, at, ms, status, bytes, reason, detail)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`},
	} {
		var err error
		if *s.to, err = tx.PrepareContext(ctx, s.text); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *outcomeWriter) write(o *Outcome) error {
	id, err := w.writeOutcome(o)
	if err != nil {
		return err
	}
	for i := range o.Attempts {
		a := &o.Attempts[i]
		result, err := w.attempt.Exec(id, a.URL, a.At.UnixMilli(), a.Duration.Milliseconds(),
			a.Status, a.Bytes, null(a.Reason), null(a.Detail))
		if err != nil {
			return err
		}
		if w.last, err = result.LastInsertId(); err != nil {
			return err
		}
	}
	return nil
}

// writeOutcome returns the row of the source.
func (w *outcomeWriter) writeOutcome(o *Outcome) (source int64, err error) {
	var object int64
	var recipe granary.Recipe
	var reason, detail, url string
	if o.Object.IsZero() {
		reason, detail, url = o.Reason, o.Detail, o.failedURL()
	} else if object, err = w.writeObject(o); err != nil {
		return 0, err
	} else {
		recipe = o.Recipe
	}
	result, err := w.outcome.Exec(null(object), null(string(recipe)), null(reason),
		null(detail), null(url), o.OutPath.Base())
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return 0, errors.New("it was never wanted")
	}
	return result.LastInsertId()
}

// writeObject returns the row of o's object.
func (w *outcomeWriter) writeObject(o *Outcome) (id int64, err error) {
	algo, digest := o.Object.Algorithm().String(), o.Object.Digest()
	result, err := w.object.Exec(algo, digest, o.Size)
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		id, _ := result.LastInsertId()
		return id, err
	}
	err = w.sameObject.QueryRow(o.Size, algo, digest).Scan(&id)
	return id, err
}

// LastURLs returns, for each failed source, the URL of the attempt that it
// failed for: the last one with the reason that is given for the source, and with
// the same detail if there is such a one. 150,000 sources take 0.1 s.
func (c *Catalog) LastURLs(ctx context.Context) (map[int64]string, error) {
	last := map[int64]string{}
	err := c.query(ctx, func(rows *sql.Rows) error {
		var id int64
		var url string
		err := rows.Scan(&id, &url)
		last[id] = url
		return err
	}, `SELECT source_id, failed_url FROM outcome WHERE failed_url IS NOT NULL`)
	return last, err
}
