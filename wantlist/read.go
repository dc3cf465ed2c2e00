package wantlist

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	maxLine   = 16 << 20 // bytes
	maxErrors = 20       // wrong lines that are told of one by one
)

// An Error tells which lines of a want-list are wrong.
type Error struct {
	Lines []LineError // the first of them
	Count int         // of all
}

// A LineError is what is wrong with a line, counted from 1.
type LineError struct {
	Line int
	Err  error
}

// Error tells of the first line.
func (e *Error) Error() string {
	text := fmt.Sprintf("line %d: %v", e.Lines[0].Line, e.Lines[0].Err)
	if e.Count > 1 {
		text += fmt.Sprintf(" (and %d more wrong lines)", e.Count-1)
	}
	return text
}

// Read reads a whole want-list. The error is an *Error if lines are wrong; then
// there are no entries. Other errors are those of r.
func Read(r io.Reader) ([]Entry, error) {
	var all []Entry
	var wrong Error
	in := bufio.NewReaderSize(r, 256<<10)
	for number := 1; ; number++ {
		line, err := readLine(in)
		if err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, errLong) {
			return nil, err
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.TrimSpace(line); len(line) == 0 && err == nil {
			continue
		}
		var e Entry
		if err == nil {
			e, err = Parse(line)
		}
		if err != nil {
			wrong.add(LineError{number, err})
		}
		all = append(all, e)
	}
	if wrong.Count > 0 {
		return nil, &wrong
	}
	return all, nil
}

func (e *Error) add(l LineError) {
	e.Count++
	if len(e.Lines) < maxErrors {
		e.Lines = append(e.Lines, l)
	}
}

var errLong = fmt.Errorf("longer than %d bytes", maxLine)

// readLine returns a line, maybe with the line break at its end, and io.EOF
// after the last one. Of a line that is too long it reads the rest.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	size := 0
	for {
		part, err := in.ReadSlice('\n')
		if size += len(part); size <= maxLine {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
		case err != nil && (err != io.EOF || size == 0):
			return nil, err
		case size > maxLine:
			return nil, errLong
		default:
			return line, nil
		}
	}
}
