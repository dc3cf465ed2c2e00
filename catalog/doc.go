// Package catalog is the SQLite database on a disk: what was evaluated, what
// is wanted, what is held, and what was tried.
//
// Facts are written once and shared by all snapshots: derivations with their
// inputs, sources with their URLs, attributes with what they evaluated to. A
// snapshot is a row that names, as sets of row numbers, the facts that belong
// to it. So a second snapshot of a changed tree adds what changed, and an
// evaluation that was interrupted leaves facts that no snapshot names, which
// no query shows and the next evaluation uses.
//
// What became of a source in a fetch is its outcome, a small row, since a harvest
// writes thousands of them a second. Attempts are appended to a log; what they add up
// to is kept for good in the ledger, a row for each URL of a source.
//
// Store paths are kept without the store directory, and those of derivations
// with their ".drv".
package catalog
