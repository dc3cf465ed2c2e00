package eval

import (
	"testing"

	"granary"
)

func TestWanted(t *testing.T) {
	tests := []struct {
		name   string
		env    granary.Env
		output string
		allow  bool
	}{
		{"nothing said", nil, "out", true},
		{"one output", granary.Env{{Name: "outputs", Raw: "out"}}, "out", true},
		{"several", granary.Env{{Name: "outputs", Raw: "bin dev out"}}, "bin", true},
		{"local", granary.Env{{Name: "allowSubstitutes", Raw: ""}}, "out", false},
		{"allowed", granary.Env{{Name: "allowSubstitutes", Raw: "1"}}, "out", true},
		{"structured", granary.Env{{
			Name: "__json", Raw: `{\"outputs\":[\"lib\",\"out\"],\"allowSubstitutes\":false}`,
		}}, "lib", false},
		{"structured, nothing said", granary.Env{{Name: "__json", Raw: `{}`}}, "out", true},
		{"structured, allowed", granary.Env{{
			Name: "__json", Raw: `{\"allowSubstitutes\":true}`,
		}}, "out", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := &granary.Derivation{Env: test.env}
			if got := DefaultOutput(d); got != test.output {
				t.Errorf("output: got %s, want %s", got, test.output)
			}
			if got := Substitutable(d); got != test.allow {
				t.Errorf("substitutable: got %t, want %t", got, test.allow)
			}
		})
	}
}
