package catalog

import (
	"testing"

	"granary"
)

func TestBegun(t *testing.T) {
	c := newCatalog(t)
	hello := fixed(source("hello.tar"))
	tests := []struct {
		name string
		do   func(r *Recorder) error
		want bool
	}{
		{"nothing", func(*Recorder) error { return nil }, false},
		{"a list of wanted sources", func(*Recorder) error {
			_, err := c.Import(t.Context(), []Wanted{{Source: source("doc.pdf")}})
			return err
		}, false},
		{"an evaluation without an end", func(r *Recorder) error {
			return r.Add(t.Context(), []*granary.Derivation{hello}, nil, nil)
		}, true},
	}
	for _, test := range tests {
		r, err := c.Record(t.Context())
		check(t, err)
		check(t, test.do(r))
		got, err := c.Begun(t.Context())
		if err != nil || got != test.want {
			t.Errorf("%s: got %v, %v, want %v", test.name, got, err, test.want)
		}
	}
}
