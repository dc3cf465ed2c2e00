package granary

import (
	"strings"
	"testing"

	"granary/hashes"
)

func TestUnescape(t *testing.T) {
	for _, row := range []struct{ name, raw, want string }{
		{"empty", "", ""},
		{"nothing to undo", "plain üñ $x 'y'", "plain üñ $x 'y'"},
		{"control characters", `a\nb\rc\td`, "a\nb\rc\td"},
		{"quotes and backslashes", `\"a\\b\"`, `"a\b"`},
		{"a backslash, then n", `\\n`, `\n`},
		{"two backslashes, then a line break", `\\\n`, "\\\n"},
		{"any other byte stands for itself", `\a\$\0\ü`, "a$0ü"},
		{"adjacent", `\n\n\\\\\"`, "\n\n\\\\\""},
		{"a lone backslash at the end", `a\`, `a\`},
		{"bytes that are no UTF-8", "\xff\\\xfe\\n", "\xff\xfe\n"},
	} {
		if got := Unescape(row.raw); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
		if got := (EnvVar{Raw: row.raw}).Value(); got != row.want {
			t.Errorf("%s, as a variable: got %q, want %q", row.name, got, row.want)
		}
	}
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"", `\`, "a\nb\"\\n", "\r\t$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := Unescape(escape.Replace(s)); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
		if got := Unescape(s); len(got) > len(s) {
			t.Errorf("%q grew to %q", s, got)
		}
	})
}

func TestEnv(t *testing.T) {
	env := Env{{"a", `x\n`}, {"b", ""}, {"c", "z"}}
	for _, row := range []struct {
		name, want string
		ok         bool
	}{{"a", "x\n", true}, {"b", "", true}, {"c", "z", true}, {"d", "", false}, {"", "", false}} {
		got, ok := env.Lookup(row.name)
		if got != row.want || ok != row.ok || env.Value(row.name) != row.want {
			t.Errorf("%q: got %q, %v, want %q, %v", row.name, got, ok, row.want, row.ok)
		}
	}
}

func TestDerivationName(t *testing.T) {
	const digest = "/nix/store/0vdxqwlwvn02nlnm3dp7b6266c46zvch-"
	for path, want := range map[hashes.StorePath]string{
		digest + "hello-2.10.drv":              "hello-2.10",
		digest + "hello.drv.drv":               "hello.drv",
		digest + "x.drv":                       "x",
		digest + "a-b_c+d?e=f.tar.gz" + ".drv": "a-b_c+d?e=f.tar.gz",
	} {
		if got := (&Derivation{Path: path}).Name(); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestOutput(t *testing.T) {
	const sha256 = "58f95f3644d7502d3c53c4e2059ee4031d4b82a116b523728679f8966098eb4a"
	const sha1 = "ecf6b89b1ab38bf7d3e04d5ab9d8b1c3b2f3e5fd"
	for _, row := range []struct {
		name       string
		algo, hash string
		fixed      bool
		want       string // the content address, or how the error begins
	}{
		{"addressed by inputs", "", "", false, `unknown hash algorithm ""`},
		{
			"flat", "sha256", sha256, true,
			"fixed:sha256:0jpbk1h9dy3rhrr27d8nl614n783wjg0bqn4acy2sl6p8hv5zyaq",
		},
		{
			"recursive", "r:sha256", sha256, true,
			"fixed:r:sha256:0jpbk1h9dy3rhrr27d8nl614n783wjg0bqn4acy2sl6p8hv5zyaq",
		},
		{
			"text", "text:sha256", sha256, true,
			"text:sha256:0jpbk1h9dy3rhrr27d8nl614n783wjg0bqn4acy2sl6p8hv5zyaq",
		},
		{"git", "git:sha1", sha1, true, "fixed:git:sha1:"},
		{"floating", "r:sha256", "", false, `hash "`},
		{"impure", "r:sha256", "impure", false, `hash "`},
		{"of another length", "sha256", sha1, true, `hash "`},
		{"of an unknown algorithm", "r:sha3", sha256, true, `unknown hash algorithm "sha3"`},
		{"of an unknown mode", "x:sha256", sha256, true, `unknown hash algorithm "x:sha256"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := Output{Name: "out", HashAlgo: row.algo, Hash: row.hash}
			if got := o.Fixed(); got != row.fixed {
				t.Errorf("fixed: got %v, want %v", got, row.fixed)
			}
			ca, err := o.ContentAddress()
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = ca.String()
			}
			if !strings.HasPrefix(got, row.want) {
				t.Errorf("content address: got %s, want %s", got, row.want)
			}
		})
	}
}
