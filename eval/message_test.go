package eval

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const messagesDir = "testdata/messages"

// readMessages calls each for every recorded output of Nix.
func readMessages(t *testing.T, each func(name, want, printed string)) {
	files, err := filepath.Glob(filepath.Join(messagesDir, "*.txt"))
	check(t, err)
	if len(files) < 60 {
		t.Fatalf("%s holds %d recorded outputs", messagesDir, len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(t, err)
		want, printed, ok := strings.Cut(string(text), "\n\n---- Nix printed:\n")
		if !ok {
			t.Fatalf("%s has no output", file)
		}
		each(strings.TrimSuffix(filepath.Base(file), ".txt"), want, printed)
	}
}

// TestMessage reads what Nix 2.8, 2.26 and 2.34 printed about errors of each
// kind.
func TestMessage(t *testing.T) {
	readMessages(t, func(name, want, printed string) {
		t.Run(name, func(t *testing.T) {
			if got := message(printed); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			warned := "warning: unknown setting 'x'\ntrace: error: not this\n" + printed
			if got := message(warned); got != want && want != "" {
				t.Errorf("after a warning: got %q, want %q", got, want)
			}
		})
	})
}

// TestMessageOfThisNix evaluates the attributes that the recorded outputs are
// about.
func TestMessageOfThisNix(t *testing.T) {
	want := map[string][]string{}
	readMessages(t, func(name, message, _ string) {
		attr, _, _ := strings.Cut(name, "-")
		want[attr] = append(want[attr], message)
	})
	tree, err := filepath.Abs(messagesDir)
	check(t, err)
	f := evaluate(t, &Evaluator{Tree: tree, Workers: 2}).ok(t)
	if len(f.Attributes) != len(want) {
		t.Errorf("got %d attributes, want %d", len(f.Attributes), len(want))
	}
	for _, a := range f.Attributes {
		// The recorded outputs come from another folder.
		got := strings.ReplaceAll(a.Error, tree+"/", "/tree/")
		if !slices.Contains(want[a.Path], got) {
			t.Errorf("%s: got %q, want one of %q", a.Path, got, want[a.Path])
		}
	}
	ifd := f.attribute(t, "ifd")
	if ifd.Kind != "ifd" || !strings.HasSuffix(string(ifd.Needs), "-generated.nix.drv") {
		t.Errorf("import from derivation: got %+v", ifd)
	}
	if len(f.Derivations) != 1 || f.Derivations[0].Path != ifd.Needs {
		t.Errorf("got derivations %v, want what ifd needs", f.Derivations)
	}
}

func TestMessageOfOtherTexts(t *testing.T) {
	long := strings.Repeat("ü", maxMessage)
	for _, row := range []struct{ name, printed, want string }{
		{"nothing", "", ""},
		{"no error", "  something\nelse\n", "something\nelse"},
		{"the last of two", "error: one\nerror: two\n", "two"},
		{"the head of the trace is lost", "       … while\n         at /x:1:2:\n\n" +
			"       error: the end\n", "the end"},
		{"show-trace", "error: here\n(use '--show-trace' to show it)\n", "here"},
		{"a warning follows", "error: here\n       it is\nwarning: and on\n", "here\nit is"},
		{"position without excerpt", "error: here\n\n       at «string»:1:1:\n\n", "here"},
		{
			"a position in the text", "error: see\n       at /x:1:2: it says\n",
			"see\nat /x:1:2: it says",
		},
		{"the message follows a line break", "error: \n       below\n", "below"},
		{"long", "error: x" + long, "x" + long[:maxMessage-2] + "…"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := message(row.printed); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestIFDDerivation(t *testing.T) {
	const drv = "/nix/store/vllzvwl8cljyhl5qjl4i3zgrw612aa29-generated.nix.drv"
	const reason = " during evaluation because the option " +
		"'allow-import-from-derivation' is disabled"
	for _, row := range []struct{ name, message, want string }{
		{"2.8", "cannot build '" + drv + "'" + reason, drv},
		{"2.26", "cannot build '" + drv + "^out'" + reason, drv},
		{"several outputs", "cannot build '" + drv + "^dev,out'" + reason, drv},
		{"2.9", "cannot build '" + drv + "!out'" + reason, drv},
		{"other", "cannot build '" + drv + "'", ""},
		{"quoted by a throw", "x cannot build '" + drv + "'" + reason, ""},
		{"no derivation", "cannot build '/nix/store/x'" + reason, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := ifdDerivation(row.message); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
