package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// aboutAttributes are the commands that are asked about attributes.
var aboutAttributes = [][]string{
	{"query", "buildable"}, {"query", "missing"}, {"query", "needs"}, {"plan"},
}

// TestBadQuestions asks each command what cannot be answered. It says so in one line,
// maybe with a hint, and prints nothing.
func TestBadQuestions(t *testing.T) {
	m := randomModel(t.TempDir(), 2, modelSize{sources: 40, derivations: 80, attributes: 30})
	m.record(t)
	path := m.snapshots[0].attributes[0].Path
	tests := []struct {
		name   string
		args   []string
		status int
		want   string // in the error
	}{
		{"an attribute that is not there", []string{"xyzzy"}, exitError, "xyzzy"},
		{"one of several is not there", []string{path, "xyzzy"}, exitError, "xyzzy"},
		{"one like others", []string{"python3Packages.a99"}, exitError, `python3Packages\.a99`},
		{"a set", []string{"python3Packages"}, exitError, "python3Packages"},
		{"a pattern that matches nothing", []string{"nothing.*"}, exitError, `nothing\.\*`},
		{"no path", []string{"a..b"}, exitError, `a\.\.b`},
		{"a quote that does not end", []string{`"a`}, exitError, `"a`},
		{"an escape sequence", []string{"a\x1b[2Jb"}, exitError, "a\uFFFD"},
		{"a line break", []string{"a\nb"}, exitError, "a b"},
		{"a snapshot that is not there", []string{path, "--snapshot", "xyzzy"}, exitError, "xyzzy"},
		{"no snapshot's name", []string{path, "--snapshot", "other\x1b"}, exitError, "other"},
		{"a system of no snapshot", []string{path, "--system", "m68k-netbsd"}, exitError, "m68k-netbsd"},
		{"a flag that is not there", []string{path, "--xyzzy"}, exitUsage, "--xyzzy"},
	}
	for _, command := range aboutAttributes {
		for _, test := range tests {
			t.Run(strings.Join(command, " ")+" "+test.name, func(t *testing.T) {
				checkRefused(t, m, slices.Concat(command, test.args), test.status, test.want)
			})
		}
	}
}

// TestBadSources names sources that are not there.
func TestBadSources(t *testing.T) {
	m := randomModel(t.TempDir(), 2, modelSize{sources: 40, derivations: 80, attributes: 30})
	m.record(t)
	for _, text := range []string{
		"xyzzy", "xyzzy-*", "sha256:0", "sha256-AAAA", strings.Repeat("0", 64), "http://nowhere.test/",
		"/nix/store/" + strings.Repeat("0", 32) + "-xyzzy", "/nix/store/xyzzy", "sha256/00/00", "", "-",
		"a\nb", "a\x1b[2Jb", strings.Repeat("x", 10_000), "../../etc/passwd", "://", "%zz", "'",
	} {
		for _, flag := range []string{"--full", "--json"} {
			checkRefused(t, m, []string{"query", "users", flag, "--", text}, exitError, "")
		}
	}
	checkRefused(t, m, []string{"query", "users"}, exitUsage, "")
	checkRefused(t, m, []string{"diff", m.snapshots[0].name}, exitUsage, "")
	checkRefused(t, m, []string{"diff", m.snapshots[0].name, "xyzzy"}, exitError, "xyzzy")
}

// TestNoDisk asks where there is no disk, and where nothing was evaluated.
func TestNoDisk(t *testing.T) {
	nowhere := &model{dir: t.TempDir()}
	for _, args := range [][]string{
		{"query", "buildable"}, {"query", "missing"}, {"query", "needs", "a"},
		{"query", "users", "a"}, {"plan"}, {"diff", "a", "b"}, {"status"},
	} {
		checkRefused(t, nowhere, args, exitError, "there is none")
	}
	empty := &model{dir: t.TempDir()}
	checkTest(t, empty.open(t).Close())
	for _, args := range [][]string{
		{"query", "buildable"}, {"query", "buildable", "a"}, {"query", "missing", "a"},
		{"query", "needs", "a"}, {"query", "users", "a"}, {"plan", "a"}, {"diff", "a", "b"},
	} {
		checkRefused(t, empty, args, exitError, "")
	}
}

var refusal = regexp.MustCompile(
	`^granary: [^\x00-\x1f\x7f]+\n(granary: hint: [^\x00-\x1f\x7f]+\n)?$`)

// checkRefused runs a command that fails with an error that matches want.
func checkRefused(t *testing.T, m *model, args []string, status int, want string) {
	t.Helper()
	got := m.granary(t, args...)
	if got.status != status || got.stdout != "" || !refusal.MatchString(got.stderr) {
		t.Errorf("granary %.200q: exit status %d, want %d\nstdout: %s\nstderr: %s", args, got.status,
			status, got.stdout, got.stderr)
		return
	}
	line, _, _ := strings.Cut(got.stderr, "\n")
	if !regexp.MustCompile(want).MatchString(line) || len(line) > 1000 {
		t.Errorf("granary %.200q: %s: want it to match %s", args, got.stderr, want)
	}
}
