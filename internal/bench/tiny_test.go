package main

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestMilestones(t *testing.T) {
	text := strings.Repeat(`{"event":"retry","name":"a"}`+"\n"+`{"event":"held","name":"a"}`+"\n", 10)
	tests := []struct {
		name string
		in   io.Reader
	}{
		{"at once", strings.NewReader(text)},
		{"byte by byte", iotest.OneByteReader(strings.NewReader(text))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := &milestones{every: 5, memory: func() int64 { return 7 }}
			if _, err := io.Copy(m, test.in); err != nil {
				t.Fatal(err)
			}
			if m.held != 10 || len(m.passed) != 3 || m.passed[2].memory != 7 {
				t.Errorf("got %d held, %d milestones, want 10, 3", m.held, len(m.passed))
			}
		})
	}
}
