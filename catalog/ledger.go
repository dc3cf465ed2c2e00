package catalog

import (
	"context"
	"database/sql"
	"time"
)

// A Past is what became of all attempts to have one source from one URL.
type Past struct {
	Source int64  // Source.ID
	URL    string // as it was asked for

	// When it first and last gave the right bytes, and last failed, to the second;
	// zero: never.
	FirstGood, LastGood, LastBad time.Time

	Reason   string        // of the last failure
	Failures int           // in a row; 0: the last attempt was right
	Bytes    int64         // received in all
	Duration time.Duration // of the attempts that brought bytes
}

// Last returns the time of the last attempt.
func (p *Past) Last() time.Time {
	if p.Failures > 0 || p.LastGood.IsZero() {
		return p.LastBad
	}
	return p.LastGood
}

// then adds what came later.
func (p *Past) then(later *Past) {
	if p.FirstGood.IsZero() {
		p.FirstGood = later.FirstGood
	}
	if !later.LastGood.IsZero() {
		p.LastGood, p.Failures = later.LastGood, 0
	}
	if !later.LastBad.IsZero() {
		p.LastBad, p.Reason = later.LastBad, later.Reason
	}
	p.Failures += later.Failures
	p.Bytes += later.Bytes
	p.Duration += later.Duration
}

// A ledgerRule says how attempts, which are written without an index, become rows
// of the table ledger, one for each URL of a source.
type ledgerRule struct {
	// step is how many attempts come together before they are added up.
	step int64
	// kept is how many single attempts are kept, the latest; what all of them add
	// up to is in the ledger for good.
	kept int64
}

// standardRule has attempts take about 30 MB.
func standardRule() ledgerRule { return ledgerRule{step: 1 << 15, kept: 200_000} }

// newAttempts selects the attempts that the ledger does not have yet, each as a row
// of the ledger, and its id. What was never asked of anybody has no URL.
const newAttempts = `SELECT source_id, url,
		iif(reason IS NULL, at / 1000, NULL) AS first_good,
		iif(reason IS NULL, at / 1000, NULL) AS last_good,
		iif(reason IS NULL, NULL, at / 1000) AS last_bad,
		reason, reason IS NOT NULL AS failures, bytes, iif(bytes > 0, ms, 0) AS ms, id
	FROM attempt WHERE id > (SELECT attempt_id FROM ledger_end) AND url <> ''`

// Ledger returns what became of each URL of the sources that of wants, in the order
// of Source and URL. 300,000 URLs take 0.6 s.
func (c *Catalog) Ledger(ctx context.Context, of func(source int64) bool) ([]Past, error) {
	var all []Past
	err := c.past(ctx, func(p *Past) {
		if of(p.Source) {
			all = append(all, *p)
		}
	})
	return all, err
}

// past calls each for each URL of each source, in the order of Source and URL.
func (c *Catalog) past(ctx context.Context, each func(*Past)) error {
	var p Past
	err := c.query(ctx, func(rows *sql.Rows) error {
		next, err := scanPast(rows)
		switch {
		case err != nil:
			return err
		case next.Source == p.Source && next.URL == p.URL:
			p.then(&next)
			return nil
		case p.Source != 0:
			each(&p)
		}
		p = next
		return nil
	}, `SELECT source_id, url, coalesce(first_good, 0), coalesce(last_good, 0),
			coalesce(last_bad, 0), coalesce(reason, ''), failures, bytes, ms
		FROM (SELECT *, 0 AS id FROM ledger UNION ALL `+newAttempts+`)
		ORDER BY source_id, url, id`)
	if err == nil && p.Source != 0 {
		each(&p)
	}
	return err
}

func scanPast(rows *sql.Rows) (p Past, err error) {
	var firstGood, lastGood, lastBad, ms int64
	err = rows.Scan(&p.Source, &p.URL, &firstGood, &lastGood, &lastBad, &p.Reason, &p.Failures,
		&p.Bytes, &ms)
	p.FirstGood, p.LastGood, p.LastBad = second(firstGood), second(lastGood), second(lastBad)
	p.Duration = time.Duration(ms) * time.Millisecond
	return p, err
}

// second returns the time of so many Unix seconds; 0 is none.
func second(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// apply adds new attempts to the ledger, when there are enough of them, and drops
// the oldest ones. It takes 2 µs an attempt; last is the newest.
func (r ledgerRule) apply(ctx context.Context, tx *sql.Tx, last int64) error {
	var end int64
	err := tx.QueryRowContext(ctx, `SELECT attempt_id FROM ledger_end`).Scan(&end)
	if err != nil || last-end < r.step {
		return err
	}
	// One after the other, in their order: then is in SQL what follows DO UPDATE.
	_, err = tx.ExecContext(ctx, `INSERT INTO ledger (source_id, url, first_good, last_good,
			last_bad, reason, failures, bytes, ms)
		SELECT source_id, url, first_good, last_good, last_bad, reason, failures, bytes, ms
		FROM (`+newAttempts+`) WHERE true ORDER BY source_id, url, id
		ON CONFLICT (source_id, url) DO UPDATE SET
			first_good = coalesce(first_good, excluded.first_good),
			last_good = coalesce(excluded.last_good, last_good),
			last_bad = coalesce(excluded.last_bad, last_bad),
			reason = coalesce(excluded.reason, reason),
			failures = excluded.failures + iif(excluded.last_good IS NULL, failures, 0),
			bytes = bytes + excluded.bytes,
			ms = ms + excluded.ms`)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, `UPDATE ledger_end SET attempt_id = ?`, last); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM attempt WHERE id <= ?`, last-r.kept)
	return err
}
