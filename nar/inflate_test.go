package nar

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func deflated(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInflate(t *testing.T) {
	for name, want := range map[string][]byte{
		"nothing": nil, "a byte": {7}, "text": []byte(strings.Repeat("some text, ", 30000)),
		"random": randomBytes(300<<10, 5), "zeros": make([]byte, 1<<20),
		"mixed": bytes.Repeat(randomBytes(40000, 6), 10),
	} {
		for level := flate.HuffmanOnly; level <= 9; level++ {
			data := deflated(t, want, level)
			for _, r := range []io.Reader{
				bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)),
				iotest.DataErrReader(bytes.NewReader(data)),
			} {
				got, err := io.ReadAll(newInflater(r))
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%s, level %d: got %d bytes, %v, want %d", name, level, len(got), err, len(want))
				}
			}
		}
	}
}

func TestInflateTruncated(t *testing.T) {
	data := deflated(t, []byte(strings.Repeat("some text, ", 300)), 6)
	data = append(data[:len(data):len(data)], deflated(t, randomBytes(300, 1), 0)...)
	for n := range data {
		f := newInflater(bytes.NewReader(data[:n]))
		_, err := io.Copy(io.Discard, f)
		if err == nil {
			f.restart()
			_, err = io.Copy(io.Discard, f)
		}
		if err != io.ErrUnexpectedEOF {
			t.Errorf("%d of %d bytes: got %v, want %v", n, len(data), err, io.ErrUnexpectedEOF)
		}
	}
}

// FuzzInflate compares with the standard library.
func FuzzInflate(f *testing.F) {
	for level := flate.HuffmanOnly; level <= 9; level++ {
		f.Add(deflated(f, []byte(strings.Repeat("some text, ", 300)), level))
		f.Add(deflated(f, randomBytes(300, 2), level))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const most = 1 << 22
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), most))
		got, err := io.ReadAll(io.LimitReader(newInflater(bytes.NewReader(data)), most))
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("got %d bytes, %v, want %d, %v", len(got), err, len(want), wantErr)
		}
		if errors.Is(wantErr, io.ErrUnexpectedEOF) && err == nil {
			t.Errorf("got no error, want %v", wantErr)
		}
	})
}
