package nar

import (
	"bufio"
	"encoding/binary"
	"io"
	"strings"
)

// The limits of Nix's src/libutil/archive.cc, which are also ours.
const (
	maxTag    = 32   // bytes of a keyword
	maxName   = 255  // bytes of a file name
	maxTarget = 4095 // bytes of a symbolic link's target
	maxDepth  = 64   // nested nodes in a NAR that is read
)

// A Type is the type of a node in a file tree.
type Type uint8

// The types of nodes that a NAR can hold.
const (
	Regular Type = iota + 1
	Directory
	Symlink
)

// An Entry describes one node of a NAR's file tree.
type Entry struct {
	Path       string // names joined with '/'; "" is the root
	Type       Type
	Executable bool   // Regular only
	Size       int64  // bytes of contents, Regular only
	Target     string // Symlink only
}

// A Reader reads a NAR as a stream. It is as strict as Nix (src/libutil/
// archive.cc), and takes nothing behind the NAR's end: what it reads without
// an error has no other encoding. Memory use is bounded, whatever the bytes
// say.
//
// Errors of the bytes match [ErrFormat]; other errors are the input's own.
type Reader struct {
	in    *bufio.Reader
	path  string
	dirs  []openDir // the directories that the cursor is in
	begun bool
	body  int64 // bytes of the current file not yet read
	pad   int   // zeros after them
	open  bool  // a regular file is open: its padding and ")" are to be read
	err   error // sticky; io.EOF after the end
	buf   [maxTarget]byte
}

type openDir struct {
	pathLen int    // of the directory's own path
	last    string // name of its latest entry
}

// NewReader returns a Reader of the NAR in r. It may read beyond the NAR's end.
func NewReader(r io.Reader) *Reader { return &Reader{in: bufio.NewReaderSize(r, 64<<10)} }

// Next skips what is left of the current file and returns the next node:
// directories before their entries, entries in the order of their names. It
// returns io.EOF after the last node, once the NAR proved to be complete.
func (r *Reader) Next() (Entry, error) {
	if r.err != nil {
		return Entry{}, r.err
	}
	entry, err := r.next()
	r.err = err
	return entry, err
}

func (r *Reader) next() (Entry, error) {
	if !r.begun {
		r.begun = true
		if err := r.expect("nix-archive-1"); err != nil {
			return Entry{}, badStart(err)
		}
		return r.node()
	}
	if r.open {
		if err := r.closeFile(); err != nil {
			return Entry{}, err
		}
	}
	return r.entry()
}

// badStart replaces what expect says of the first string, if that is there.
func badStart(err error) error {
	if f, ok := err.(*formatError); ok && f.kind != ErrTruncated {
		return badFormat("nar: does not begin as a NAR")
	}
	return err
}

// entry reads from behind a node to behind the head of the next one.
func (r *Reader) entry() (Entry, error) {
	for len(r.dirs) > 0 {
		tag, err := r.string(maxTag)
		if err != nil {
			return Entry{}, err
		}
		switch {
		case string(tag) == "entry":
			return r.child()
		case string(tag) != ")":
			return Entry{}, badFormat("nar: %q where \"entry\" or \")\" should be", tag)
		}
		if err := r.leaveDir(); err != nil {
			return Entry{}, err
		}
	}
	return Entry{}, r.end()
}

// leaveDir is called behind a directory's own ")".
func (r *Reader) leaveDir() error {
	r.dirs = r.dirs[:len(r.dirs)-1]
	return r.closeEntry()
}

// closeEntry reads the ")" of the entry that the latest node stands in.
func (r *Reader) closeEntry() error {
	if len(r.dirs) == 0 {
		return nil
	}
	return r.expect(")")
}

func (r *Reader) end() error {
	switch _, err := r.in.ReadByte(); err {
	case io.EOF:
		return io.EOF
	case nil:
		return badFormat("nar: bytes behind the end")
	default:
		return err
	}
}

func (r *Reader) child() (Entry, error) {
	if err := r.expect("(", "name"); err != nil {
		return Entry{}, err
	}
	b, err := r.string(maxName)
	if err != nil {
		return Entry{}, err
	}
	name, dir := string(b), &r.dirs[len(r.dirs)-1]
	if err := checkName(name); err != nil {
		return Entry{}, err
	}
	if name <= dir.last {
		return Entry{}, badFormat("nar: name %q is not after %q", name, dir.last)
	}
	dir.last = name
	r.path = join(r.path[:dir.pathLen], name)
	if err := r.expect("node"); err != nil {
		return Entry{}, err
	}
	return r.node()
}

// checkName returns an error unless name can name a file in a directory.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return badFormat("bad file name %q", name)
	case len(name) > maxName:
		return badFormat("file name of %d bytes: at most %d are possible", len(name), maxName)
	case strings.ContainsAny(name, "/\x00"):
		return badFormat("bad file name %q", name)
	}
	return nil
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func (r *Reader) node() (Entry, error) {
	if len(r.dirs) >= maxDepth {
		return Entry{}, badFormat("nar: directories are nested more than %d deep", maxDepth)
	}
	if err := r.expect("(", "type"); err != nil {
		return Entry{}, err
	}
	tag, err := r.string(maxTag)
	if err != nil {
		return Entry{}, err
	}
	switch string(tag) {
	case "regular":
		return r.file()
	case "directory":
		r.dirs = append(r.dirs, openDir{pathLen: len(r.path)})
		return Entry{Path: r.path, Type: Directory}, nil
	case "symlink":
		return r.symlink()
	}
	return Entry{}, badFormat("nar: unknown file type %q", tag)
}

func (r *Reader) symlink() (Entry, error) {
	if err := r.expect("target"); err != nil {
		return Entry{}, err
	}
	b, err := r.string(maxTarget)
	if err != nil {
		return Entry{}, err
	}
	target := string(b)
	if err := checkTarget(target); err != nil {
		return Entry{}, err
	}
	if err := r.expect(")"); err != nil {
		return Entry{}, err
	}
	return Entry{Path: r.path, Type: Symlink, Target: target}, r.closeEntry()
}

// checkTarget returns an error unless target can be a symbolic link's.
func checkTarget(target string) error {
	if target == "" || len(target) > maxTarget || strings.IndexByte(target, 0) >= 0 {
		return badFormat("bad target of a symbolic link: %.100q", target)
	}
	return nil
}

func (r *Reader) file() (Entry, error) {
	entry := Entry{Path: r.path, Type: Regular}
	tag, err := r.string(maxTag)
	if err == nil && string(tag) == "executable" {
		entry.Executable = true
		if err = r.expect(""); err == nil {
			tag, err = r.string(maxTag)
		}
	}
	if err != nil {
		return Entry{}, err
	}
	if string(tag) != "contents" {
		return Entry{}, badFormat("nar: %q where \"contents\" should be", tag)
	}
	if entry.Size, err = r.number(); err != nil {
		return Entry{}, err
	}
	r.open, r.body, r.pad = true, entry.Size, padding(entry.Size)
	return entry, nil
}

// Read reads the contents of the regular file that Next returned last. It
// returns io.EOF at their end, and for what is no regular file.
func (r *Reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.body == 0 {
		return 0, io.EOF
	}
	n, err := r.in.Read(p[:min(int64(len(p)), r.body)])
	r.body -= int64(n)
	if err == io.EOF {
		err = truncated("nar")
	}
	r.err = err
	return n, err
}

func (r *Reader) closeFile() error {
	r.open = false
	for r.body > 0 {
		n, err := r.in.Discard(int(min(r.body, 1<<30)))
		r.body -= int64(n)
		if err != nil {
			return early(err)
		}
	}
	if err := r.padding(r.pad); err != nil {
		return err
	}
	if err := r.expect(")"); err != nil {
		return err
	}
	return r.closeEntry()
}

// early turns an end of the input into ErrTruncated.
func early(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return truncated("nar")
	}
	return err
}

// expect reads strings that have no choice.
func (r *Reader) expect(list ...string) error {
	for _, want := range list {
		got, err := r.string(maxTag)
		if err != nil {
			return err
		}
		if string(got) != want {
			return badFormat("nar: %q where %q should be", got, want)
		}
	}
	return nil
}

// string reads a string of at most limit bytes. It is valid until the next
// call.
func (r *Reader) string(limit int64) ([]byte, error) {
	n, err := r.number()
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, badFormat("nar: a string of %d bytes where at most %d can be", n, limit)
	}
	b := r.buf[:n]
	if _, err := io.ReadFull(r.in, b); err != nil {
		return nil, early(err)
	}
	return b, r.padding(padding(n))
}

func (r *Reader) padding(n int) error {
	var b [8]byte
	if _, err := io.ReadFull(r.in, b[:n]); err != nil {
		return early(err)
	}
	if string(b[:n]) != zeros[:n] {
		return badFormat("nar: padding is not zero")
	}
	return nil
}

func (r *Reader) number() (int64, error) {
	var b [8]byte
	if _, err := io.ReadFull(r.in, b[:]); err != nil {
		return 0, early(err)
	}
	n := int64(binary.LittleEndian.Uint64(b[:]))
	if n < 0 {
		return 0, badFormat("nar: a length of %d bytes", uint64(n))
	}
	return n, nil
}
