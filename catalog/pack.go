package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"granary"
	"granary/hashes"
)

// A packer gathers what one transaction packs.
type packer struct {
	id   int64 // of the pack's row
	data []byte
}

// A place is where bytes are; its zero value is nowhere.
type place struct {
	pack        int64
	begin, size int // in bytes, decompressed
}

func (p *packer) add(text string) place {
	if text == "" {
		return place{}
	}
	at := place{p.id, len(p.data), len(text)}
	p.data = append(p.data, text...)
	return at
}

// transaction runs do, which may fill r.pack, in a transaction.
func (r *Recorder) transaction(ctx context.Context, do func(*sql.Tx) error) error {
	return r.c.write(ctx, func(tx *sql.Tx) error {
		r.statements = map[string]*sql.Stmt{}
		r.pack.id, r.pack.data = r.nextID.pack+1, r.pack.data[:0]
		if err := do(tx); err != nil || len(r.pack.data) == 0 {
			return err
		}
		r.nextID.pack++
		return r.exec(ctx, tx, `INSERT INTO pack (id, data) VALUES (?, ?)`,
			r.pack.id, encoder().EncodeAll(r.pack.data, nil))
	})
}

// encoder returns what packs. Its default level takes twice as long for the
// texts of a large tree, and they get smaller by a twentieth. It keeps some
// megabytes, which processes that record nothing do without.
var encoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		panic(err) // the options are constants
	}
	return e
})

// maxPack is the size of the largest pack, decompressed, in bytes: a damaged
// one must not fill the memory.
const maxPack = 1 << 30

var decoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(maxPack))
	if err != nil {
		panic(err)
	}
	return d
})

// unpack returns the bytes of a pack. No connection is held afterwards.
func (c *Catalog) unpack(ctx context.Context, id int64) ([]byte, error) {
	var data []byte
	err := c.db.QueryRowContext(ctx, `SELECT data FROM pack WHERE id = ?`, id).Scan(&data)
	if err == nil {
		data, err = decoder().DecodeAll(data, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("read catalog %s: pack %d: %w", c.path, id, explain(err))
	}
	return data, nil
}

// HasInput tells whether AddInputs was told of the input source at path, in
// this evaluation or in an earlier one.
func (r *Recorder) HasInput(path hashes.StorePath) bool {
	_, ok := r.inputs[path.Base()]
	return ok
}

// AddInputs records input sources, whose NARs it packs together: a few
// megabytes at a time are best. It comes before the Add of the derivations that
// need them. Each comes after the input sources that it refers to. One without
// a NAR is known by its name alone: what needs it cannot be built from the
// catalog.
func (r *Recorder) AddInputs(ctx context.Context, objects []granary.StoreObject) error {
	return r.transaction(ctx, func(tx *sql.Tx) error {
		for i := range objects {
			if err := r.input(ctx, tx, &objects[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Recorder) input(ctx context.Context, tx *sql.Tx, o *granary.StoreObject) error {
	if r.HasInput(o.Path) {
		return nil
	}
	refs, err := inputIDs(ctx, tx, r, o.References)
	if err != nil {
		return err
	}
	return r.insertInput(ctx, tx, o.Path, refs, r.pack.add(string(o.NAR)))
}

// inputIDs returns the rows of input sources. Those that have none, since they
// are not kept or are derivations, get one of their name alone.
func inputIDs[P ~string](
	ctx context.Context, tx *sql.Tx, r *Recorder, paths []P,
) ([]int64, error) {
	ids := make([]int64, len(paths))
	for i := range paths {
		path := hashes.StorePath(paths[i])
		if !r.HasInput(path) {
			if err := r.insertInput(ctx, tx, path, nil, place{}); err != nil {
				return nil, err
			}
		}
		ids[i] = r.inputs[path.Base()]
	}
	return ids, nil
}

func (r *Recorder) insertInput(
	ctx context.Context, tx *sql.Tx, path hashes.StorePath, refs []int64, at place,
) error {
	base := strings.Clone(path.Base()) // not a part of a .drv file's text
	r.nextID.input++
	r.inputs[base] = r.nextID.input
	return r.exec(ctx, tx, `INSERT INTO input_source (id, path, refs, pack_id, begin, size)
		VALUES (?, ?, ?, ?, ?, ?)`,
		r.nextID.input, base, encodeSet(refs), null(at.pack), at.begin, at.size)
}

// loadInputs reads what is needed to pack on.
func (r *Recorder) loadInputs(ctx context.Context) error {
	err := r.c.query(ctx, func(rows *sql.Rows) error {
		return rows.Scan(&r.nextID.pack)
	}, `SELECT coalesce(max(id), 0) FROM pack`)
	if err != nil {
		return err
	}
	return r.c.query(ctx, func(rows *sql.Rows) error {
		var id int64
		var path string
		err := rows.Scan(&id, &path)
		r.inputs[path] = id
		r.nextID.input = max(r.nextID.input, id)
		return err
	}, `SELECT id, path FROM input_source`)
}
