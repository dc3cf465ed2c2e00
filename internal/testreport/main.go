// Testreport reads what `go test -json` writes, prints a line for each package
// and all that failed tests said, and ends with the line "N passed, N failed".
// Its exit status is 1 if a test failed, if one was skipped, or if none ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	r := newReport(os.Stdout)
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	if !r.finish() {
		os.Exit(1)
	}
}

// An event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // for build-output, instead of Package
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// A test is one test, or one package where name is "".
type test struct{ pkg, name string }

type report struct {
	out                     io.Writer
	said                    map[test]string // what running tests have printed
	passed, failed, skipped int
	failedTests             int // in the package that runs
}

func newReport(out io.Writer) *report { return &report{out: out, said: map[test]string{}} }

// read takes all events. A line that is none is printed as it is.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				r.out.Write(line)
			} else {
				r.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) take(e event) {
	key := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		io.WriteString(r.out, e.Output)
	case "output":
		r.said[key] += e.Output
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e)
		}
		delete(r.said, key)
	}
}

func (r *report) endTest(e event) {
	switch e.Action {
	case "pass":
		r.passed++
		return
	case "fail":
		r.failed++
		r.failedTests++
	case "skip":
		r.skipped++
	}
	fmt.Fprintf(r.out, "%s %s %s\n%s", e.Action, e.Package, e.Test, r.said[test{e.Package, e.Test}])
}

// endPackage counts a package as failed only if no test of it has: it did not
// build, or its process died.
func (r *report) endPackage(e event) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.out, "ok   %s %.1fs\n", e.Package, e.Elapsed)
	case "skip":
		fmt.Fprintf(r.out, "none %s has no tests\n", e.Package)
	case "fail":
		if r.failedTests == 0 {
			r.failed++
		}
		fmt.Fprintf(r.out, "FAIL %s %.1fs\n%s", e.Package, e.Elapsed, r.unfinished(e.Package))
	}
	r.failedTests = 0
}

// unfinished returns what pkg and its tests that never ended have said.
func (r *report) unfinished(pkg string) string {
	text := r.said[test{pkg, ""}]
	for key, said := range r.said {
		if key.pkg == pkg && key.name != "" {
			text += said
			delete(r.said, key)
		}
	}
	return text
}

// finish prints the last line and tells whether all is well.
func (r *report) finish() bool {
	if r.skipped > 0 {
		fmt.Fprintf(r.out, "%d skipped, and none may be\n", r.skipped)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed\n", r.passed, r.failed)
	return r.failed == 0 && r.skipped == 0 && r.passed > 0
}
