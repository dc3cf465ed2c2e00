package nar

import (
	"errors"
	"fmt"
	"io"
)

// Errors that lie in the bytes of an archive or NAR, as opposed to the machine
// that reads them. All of them match ErrFormat with errors.Is; the others say
// more.
var (
	// ErrFormat is matched by every error that the bytes are to blame for.
	ErrFormat = errors.New("bad format")
	// ErrTruncated is matched when the bytes end too early.
	ErrTruncated = errors.New("truncated")
	// ErrUnsupported is matched when the bytes may be good, in a format that
	// this package does not read.
	ErrUnsupported = errors.New("unsupported format")
	// ErrTooLarge is matched when a limit on sizes, counts or work is passed.
	ErrTooLarge = errors.New("too large")
)

// A formatError is an error of the bytes. kind is one of the sentinels above.
type formatError struct {
	kind   error
	reason string
}

func (e *formatError) Error() string { return e.reason }

// Is matches ErrFormat and the kind of e.
func (e *formatError) Is(target error) bool { return target == ErrFormat || target == e.kind }

func badFormat(format string, args ...any) error {
	return &formatError{ErrFormat, fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) error {
	return &formatError{ErrUnsupported, fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) error {
	return &formatError{ErrTooLarge, fmt.Sprintf(format, args...)}
}

// truncated is the error for bytes of the given kind that end too early.
func truncated(what string) error { return &formatError{ErrTruncated, what + " is truncated"} }

// blame turns an error of a decoder of what into one that matches ErrFormat,
// unless it does already. The caller has made sure that the machine is not to
// blame.
func blame(what string, err error) error {
	switch {
	case errors.Is(err, ErrFormat):
		return err
	case err == io.ErrUnexpectedEOF || err == io.EOF:
		return truncated(what)
	}
	return badFormat("%s: %v", what, err)
}
