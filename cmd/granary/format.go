package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// size is a flag: a number of bytes, with K, M, G or T for powers of 1024.
type size int64

func (s *size) Type() string { return "size" }

func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return bytes(int64(*s))
}

func (s *size) Set(text string) error {
	digits := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text), "IB"), "B")
	unit := 1.0
	if i := strings.IndexAny(digits, "KMGT"); i >= 0 && i == len(digits)-1 {
		unit = math.Pow(1024, float64(1+strings.IndexByte("KMGT", digits[i])))
		digits = digits[:i]
	}
	n, err := strconv.ParseFloat(digits, 64)
	if bytes := n * unit; err != nil || !(bytes >= 1 && bytes <= math.MaxInt64/2) {
		return fmt.Errorf("%q is not a size such as 500M or 4G", text)
	}
	*s = size(n * unit)
	return nil
}

// byteRate is a flag: a number of bytes a second, written like a size.
type byteRate size

func (r *byteRate) Type() string          { return "rate" }
func (r *byteRate) String() string        { return (*size)(r).String() }
func (r *byteRate) Set(text string) error { return (*size)(r).Set(text) }

// reserve is a flag: a size, or 0. Its value is that of fetch.Fetcher.Reserve.
type reserve size

func (r *reserve) Type() string { return "size" }

func (r *reserve) String() string {
	if *r < 0 {
		return "0"
	}
	return (*size)(r).String()
}

func (r *reserve) Set(text string) error {
	if text == "0" {
		*r = -1
		return nil
	}
	return (*size)(r).Set(text)
}

// bytes returns a number of bytes for people: "1.5 GiB".
func bytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1024 && unit < len("KMGTPE")-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTPE"[unit])
}

// about returns a time for people, who need no fractions: "40s", "12m", "2h05m".
func about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// exactly returns a time for people who want to know: "0.4s", "2m31s".
func exactly(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// count returns "1 source" or "24,311 sources".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
