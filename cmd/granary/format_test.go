package main

import (
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	tests := []struct {
		text string
		want size // 0: an error
	}{
		{"1", 1},
		{"1024", 1024},
		{"4K", 4 << 10},
		{"500M", 500 << 20},
		{"500MB", 500 << 20},
		{"4g", 4 << 30},
		{"1.5GiB", 3 << 29},
		{"2T", 2 << 40},
		{"", 0},
		{"0", 0},
		{"0.1", 0},
		{"-1", 0},
		{"G", 0},
		{"4X", 0},
		{"4 G", 0},
		{"4GG", 0},
		{"9999999999T", 0},
		{"inf", 0},
		{"nan", 0},
	}
	for _, test := range tests {
		var got size
		err := got.Set(test.text)
		if got != test.want || (err != nil) != (test.want == 0) {
			t.Errorf("%q: got %d, %v, want %d", test.text, got, err, test.want)
		}
	}
}

func TestBytes(t *testing.T) {
	tests := map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1 << 20: "1.0 MiB",
		4 << 40: "4.0 TiB", 1<<63 - 1: "8.0 EiB",
	}
	for n, want := range tests {
		if got := bytes(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	tests := map[int]string{
		0: "0 sources", 1: "1 source", 999: "999 sources", 1000: "1,000 sources",
		24311: "24,311 sources", 1234567: "1,234,567 sources", -1234: "-1,234 sources",
	}
	for n, want := range tests {
		if got := count(n, "source"); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	tests := []struct {
		d                time.Duration
		about, precisely string
	}{
		{340 * time.Millisecond, "0s", "0.3s"},
		{59*time.Second + 900*time.Millisecond, "59s", "59.9s"},
		{12*time.Minute + 31*time.Second, "12m", "12m31s"},
		{2*time.Hour + 5*time.Minute, "2h05m", "2h5m0s"},
	}
	for _, test := range tests {
		if got := about(test.d); got != test.about {
			t.Errorf("about %v: got %s, want %s", test.d, got, test.about)
		}
		if got := exactly(test.d); got != test.precisely {
			t.Errorf("exactly %v: got %s, want %s", test.d, got, test.precisely)
		}
	}
}

func TestPrintable(t *testing.T) {
	tests := map[string]string{
		"plain":             "plain",
		"ünïcode ✓":         "ünïcode ✓",
		"\x1b[2Jcleared":    "�[2Jcleared",
		"bell\a, back\b":    "bell�, back�",
		"\u009b31m \u007f ": "�31m � ",
	}
	for text, want := range tests {
		if got := printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
