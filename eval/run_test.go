package eval

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"granary"
)

// TestCancel cancels an evaluation that would never end.
func TestCancel(t *testing.T) {
	for _, workers := range []int{1, 2} {
		ctx, cancel := context.WithCancel(t.Context())
		e := &Evaluator{
			Tree:    packageSet(t, `a = package "a";`+endless+` z = package "z";`),
			Workers: workers,
		}
		// The endless attribute comes after a, which shows.
		var cancelled time.Time
		e.Progress = func(p Progress) {
			if p.Current == "a" {
				cancelled = time.Now()
				cancel()
			}
		}
		f := new(findings)
		f.run(ctx, t, e, func(Batch) error { return nil })
		cancel()
		if !errors.Is(f.err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", f.err)
		}
		if took := time.Since(cancelled); cancelled.IsZero() || took > 2*time.Second {
			t.Errorf("it ended %v after it was cancelled", took)
		}
	}
}

func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := new(findings)
	f.run(ctx, t, &Evaluator{Tree: packageSet(t, `a = package "a";`)}, func(Batch) error {
		t.Error("recorded something")
		return nil
	})
	if !errors.Is(f.err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", f.err)
	}
}

// TestRecordError has record refuse the first batch of many.
func TestRecordError(t *testing.T) {
	tree := writeTree(t, map[string]string{"default.nix": `{ system, config, overlays }:
builtins.listToAttrs (builtins.genList (n: {
  name = "p${toString n}";
  value = derivation { name = "p${toString n}"; inherit system; builder = "/bin/sh"; };
}) 6000)`})
	full := errors.New("the disk is full")
	calls := 0
	f := new(findings)
	f.run(t.Context(), t, &Evaluator{Tree: tree, Workers: 2}, func(Batch) error {
		calls++
		return full
	})
	if f.err != full || calls != 1 {
		t.Errorf("got %v after %d calls of record, want %v after one", f.err, calls, full)
	}
	if f.Progress.Attributes >= 6000 {
		t.Errorf("it went on through all %d attributes", f.Progress.Attributes)
	}
}

func TestNoNix(t *testing.T) {
	nowhere := Nix{Dir: t.TempDir()}
	f := evaluate(t, &Evaluator{Nix: nowhere, Tree: t.TempDir()})
	if f.err != ErrNoNix {
		t.Errorf("Run: got %v, want ErrNoNix", f.err)
	}
	if _, err := nowhere.Version(t.Context()); err != ErrNoNix {
		t.Errorf("Version: got %v, want ErrNoNix", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := (Nix{}).Version(t.Context()); err != ErrNoNix {
		t.Errorf("Version with an empty PATH: got %v, want ErrNoNix", err)
	}
}

// fakeNix returns programs that do what a shell script says.
func fakeNix(t *testing.T, script string) Nix {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"nix", "nix-instantiate", "nix-store"} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	}
	return Nix{Dir: dir}
}

// TestStrangeNix evaluates with programs that are not what they should be.
func TestStrangeNix(t *testing.T) {
	for _, row := range []struct {
		name, script string
		timeout      time.Duration
		want         string
	}{
		{"ends at once", "exit 3", 0, "run nix: nix died (exit status 3)"},
		{
			"says why", "echo 'error: cannot open the database' >&2; exit 1", 0,
			"run nix: cannot open the database",
		},
		{
			"says nothing", "exec sleep 60", 200 * time.Millisecond,
			"run nix: evaluation took longer than an attribute may take",
		},
		{
			"speaks otherwise", "echo 'trace: granary begin 7' >&2; exec sleep 60", 0,
			"read event begin of nix: json: " +
				"cannot unmarshal number into Go value of type eval.AttrPath",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := evaluate(t, &Evaluator{
				Nix: fakeNix(t, row.script), Tree: t.TempDir(), AttrTimeout: row.timeout,
			})
			if f.err == nil || f.err.Error() != row.want {
				t.Errorf("got %v, want %s", f.err, row.want)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	for _, row := range []struct{ name, script, want, err string }{
		{"2.8", "echo 'nix (Nix) 2.8.0'", "2.8.0", ""},
		{"2.34", "echo 'nix (Nix) 2.34.8'", "2.34.8", ""},
		{"pre-release", "echo 'nix (Nix) 2.19pre20231103_abcdef0'", "2.19", ""},
		{"Lix", "echo 'nix (Lix, like Nix) 2.91.1'", "2.91.1", ""},
		{"none", "echo 'hello'", "", `run nix --version: no version in "hello"`},
		{
			"fails", "echo 'error: no such option' >&2; exit 1", "",
			"run nix --version: no such option",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := fakeNix(t, row.script).Version(t.Context())
			if got != row.want || (err == nil) != (row.err == "") ||
				err != nil && err.Error() != row.err {
				t.Errorf("got %q, %v, want %q, %s", got, err, row.want, row.err)
			}
		})
	}
	got, err := Nix{}.Version(t.Context())
	if err != nil || !strings.HasPrefix(got, "2.") {
		t.Errorf("this Nix: got %q, %v", got, err)
	}
}

func TestSystem(t *testing.T) {
	got, err := Nix{}.System(t.Context())
	if err != nil || !strings.HasSuffix(got, "-linux") && !strings.HasSuffix(got, "-darwin") {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := fakeNix(t, "echo 'error: no' >&2; exit 1").System(t.Context()); err == nil ||
		err.Error() != "find this machine's system: no" {
		t.Errorf("got %v", err)
	}
}

func TestFindFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("NIX_PATH", "here="+dir)
	if got, err := (Nix{}).FindFile(t.Context(), "here"); got != dir || err != nil {
		t.Errorf("got %q, %v, want %s", got, err, dir)
	}
	_, err := Nix{}.FindFile(t.Context(), "elsewhere")
	if err == nil || !strings.HasPrefix(err.Error(),
		"find <elsewhere> in NIX_PATH: file 'elsewhere' was not found") {
		t.Errorf("got %v", err)
	}
}

func TestCheckConfig(t *testing.T) {
	for _, row := range []struct{ name, config, want string }{
		{"none", "", ""},
		{"empty", "{ }", ""},
		{"with a comment", "{ a = 1; } # that is all", ""},
		{"a function", "{ pkgs }: { }", "it is not an attribute set"},
		{"a number", "1", "it is not an attribute set"},
		{"breaks off", "{ a = ", "syntax error, unexpected ')'"},
		{"throws", `throw "no"`, "no"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := Nix{}.CheckConfig(t.Context(), row.config)
			if (err == nil) != (row.want == "") || err != nil && err.Error() != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

// TestProgress checks that progress is told by one goroutine at a time, and
// never goes back.
func TestProgress(t *testing.T) {
	var told []Progress
	f := evaluate(t, &Evaluator{
		Tree: packageSet(t,
			`a = package "a"; b = package "b"; c = throw "c"; d = package "d";`),
		Workers:  2,
		Progress: func(p Progress) { told = append(told, p) },
	}).ok(t)
	if len(told) == 0 {
		t.Fatal("no progress was told")
	}
	sorted := slices.IsSortedFunc(told, func(a,
		b Progress) int {
		return a.Attributes - b.Attributes
	})
	if !sorted || f.Progress.Attributes != 4 || f.Errors != 1 {
		t.Errorf("told %+v, at the end %+v", told, f.Progress)
	}
}

// TestUserConfiguration hides from the evaluation whatever the user has.
func TestUserConfiguration(t *testing.T) {
	home := t.TempDir()
	check(t, os.MkdirAll(filepath.Join(home, "nix"), 0o700))
	conf := "restrict-eval = true\nallow-import-from-derivation = true\n"
	check(t, os.WriteFile(filepath.Join(home, "nix/nix.conf"), []byte(conf), 0o600))
	for _, name := range []string{"XDG_CONFIG_HOME", "HOME", "NIX_CONF_DIR"} {
		t.Setenv(name, home)
	}
	t.Setenv("NIX_CONFIG", "restrict-eval = true")
	t.Setenv("NIX_PATH", "nixpkgs=/nowhere")
	t.Setenv("NIXPKGS_ALLOW_UNFREE", "1")
	t.Setenv("NIXPKGS_CONFIG", "/nowhere")
	f := evaluate(t, &Evaluator{Tree: packageSet(t, `
  env = package "env${builtins.getEnv "NIXPKGS_ALLOW_UNFREE"}${builtins.getEnv "NIXPKGS_CONFIG"}";
  path = package "path${toString (builtins.length builtins.nixPath)}";
  ifd = import (package "generated");`)}).ok(t)
	for path, want := range map[string]string{"env": "env", "path": "path0"} {
		if got := f.attribute(t, path); got.Name != want {
			t.Errorf("%s: got %+v, want the name %s", path, got, want)
		}
	}
	if got := f.attribute(t, "ifd").Kind; got != granary.ErrorIFD {
		t.Errorf("import from derivation: got %s", got)
	}
}
