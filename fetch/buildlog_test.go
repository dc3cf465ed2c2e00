package fetch

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// logLines are what Nix 2.8 (a) and 2.34 (b) say, shortened: the build of a.drv
// and that of broken.drv fail, needs.drv needs the latter, wrong.drv gives
// other bytes.
var logLines = map[string]string{
	"2.8": `warning: something of the user's configuration
@nix {"action":"start","id":50,"level":0,"text":"","type":104}
@nix {"action":"start","fields":["/nix/store/a.drv","",1,1],"id":53,"level":3,"text":"","type":105}
@nix {"action":"result","fields":["\u001b[31mone\u001b[0m\r"],"id":53,"type":101}
@nix {"action":"result","fields":["two\u0007"],"id":53,"type":101}
@nix {"action":"msg","level":3,"msg":"these 5 derivations will be built:"}
@nix {"action":"result","fields":[1,4,1,0],"id":50,"type":105}
@nix {"action":"msg","level":0,"msg":"\u001b[31;1merror:\u001b[0m builder for '\u001b[35;1m/nix/store/a.drv\u001b[0m' failed with exit code 1;\n       last 2 log lines:\n       > one\n       > two\n       For full logs, run 'nix log'."}
@nix {"action":"stop","id":53}
@nix {"action":"msg","level":0,"msg":"error: builder for '/nix/store/broken.drv' failed to produce output path"}
@nix {"action":"msg","level":0,"msg":"error: 1 dependencies of derivation '/nix/store/needs.drv' failed to build"}
@nix {"action":"msg","level":0,"msg":"error: hash mismatch in fixed-output derivation '/nix/store/wrong.drv':\n  specified: sha256-A\n     got:    sha256-B"}
@nix {"action":"msg","level":0,"msg":"error: build of '/nix/store/a.drv', '/nix/store/needs.drv' failed"}
@nix not JSON
`,
	"2.34": `@nix {"action":"start","id":50,"level":0,"parent":0,"text":"","type":104}
@nix {"action":"start","fields":["/nix/store/a.drv","",1,1],"id":53,"level":3,"parent":0,"text":"","type":105}
@nix {"action":"result","fields":["one"],"id":53,"type":101}
@nix {"action":"result","fields":["two"],"id":53,"type":101}
@nix {"action":"stop","id":53}
@nix {"action":"result","fields":[1,4,1,0],"id":50,"type":105}
@nix {"action":"msg","level":0,"msg":"error: Cannot build '/nix/store/a.drv'.\n       Reason: builder failed with exit code 1.\n       Output paths:\n         /nix/store/a\n       Last 2 log lines:\n       > one"}
@nix {"action":"msg","level":0,"msg":"error: Cannot build '/nix/store/broken.drv'.\n       Reason: builder failed to produce output path"}
@nix {"action":"msg","level":0,"msg":"error: Cannot build '/nix/store/needs.drv'.\n       Reason: 1 dependency failed.\n       Output paths:\n         /nix/store/needs"}
@nix {"action":"msg","level":0,"msg":"error: hash mismatch in fixed-output derivation '/nix/store/wrong.drv':\n  specified: sha256-A\n     got:    sha256-B"}
@nix {"action":"msg","level":0,"msg":"error: some errors that can be guessed"}
`,
}

func TestBuildLog(t *testing.T) {
	closure := func() (string, error) {
		return "/nix/store/x.drv\n/nix/store/broken.drv\n/nix/store/needs.drv", nil
	}
	for version, text := range logLines {
		for _, size := range []int{1, 7, len(text)} {
			l := newBuildLog()
			for rest := text; rest != ""; {
				n := min(size, len(rest))
				fmt.Fprint(l, rest[:n])
				rest = rest[n:]
			}
			select {
			case <-l.built:
			default:
				t.Errorf("%s: it did not say that one was built", version)
			}
			for drv, want := range map[string]struct {
				reason Reason
				begin  string
				end    string
			}{
				"a.drv":      {ReasonBuildFailed, "", "exit code 1\none\ntwo|exit code 1.\none\ntwo"},
				"needs.drv":  {ReasonBuildFailed, "it needs /nix/store/broken.drv: ", "output path"},
				"wrong.drv":  {ReasonWrongHash, "hash mismatch", "specified: sha256-A got: sha256-B"},
				"broken.drv": {ReasonBuildFailed, "", "output path"},
			} {
				f, err := l.failure("/nix/store/"+drv, closure)
				if err != nil || f.reason != want.reason || !strings.HasPrefix(f.detail, want.begin) ||
					!hasAnySuffix(f.detail, strings.Split(want.end, "|")) {
					t.Errorf("%s in pieces of %d: %s: got %v, %v", version, size, drv, f, err)
				}
			}
		}
	}
}

func hasAnySuffix(s string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}

// TestBuildLogGeneral has errors that name no derivation, and a log without end.
func TestBuildLogGeneral(t *testing.T) {
	l := newBuildLog()
	fmt.Fprint(l, "error: cannot connect to the daemon\n")
	for i := range 10000 {
		fmt.Fprintf(l, "@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: number %d\"}\n", i)
	}
	f, err := l.failure("/nix/store/a.drv", func() (string, error) { return "", nil })
	if err != nil || !strings.HasSuffix(f.detail, "number 9998\nnumber 9999") ||
		strings.Count(f.detail, "\n") != buildLines-1 {
		t.Errorf("got %v, %v", f, err)
	}
	broken := errors.New("broken")
	if _, err := l.failure("/nix/store/a.drv", func() (string, error) { return "", broken }); err != broken {
		t.Errorf("got %v, want that of the closure", err)
	}
	fmt.Fprint(l, `@nix {"action":"start","fields":["/nix/store/a.drv"],"id":1,"type":105}`+"\n")
	fmt.Fprintf(l, "@nix {\"action\":\"result\",\"fields\":[\"%s\"],\"id\":1,\"type\":101}\n",
		strings.Repeat("x", 5000))
	if tail := l.builds["/nix/store/a.drv"].tail; len(tail) != 1 || len(tail[0]) != buildLineLen {
		t.Errorf("got %q", tail)
	}
}

// FuzzBuildLog looks for output that Nix never writes and that ends granary.
func FuzzBuildLog(f *testing.F) {
	for _, text := range logLines {
		f.Add(text, 7)
	}
	f.Fuzz(func(t *testing.T, text string, size int) {
		l := newBuildLog()
		if size < 1 || size > 1<<10 {
			size = 1 << 10
		}
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if got, err := l.Write([]byte(rest[:n])); got != n || err != nil {
				t.Fatal(got, err)
			}
			rest = rest[n:]
		}
		for drv := range l.builds {
			failure, err := l.failure(drv, func() (string, error) { return drv, nil })
			if err != nil || failure.reason == "" {
				t.Errorf("%s: got %v, %v", drv, failure, err)
			}
			_, took := l.times(drv)
			if took < 0 {
				t.Errorf("%s took %s", drv, took)
			}
		}
	})
}
