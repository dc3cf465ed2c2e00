package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

const sampleDir = "../../testdata/sample"

// TestMain lets the test binary play the programs that scripts run.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"granary":   main,
		"interrupt": interrupt,
	})
}

// TestScripts runs the scripts, each with a home and a web server of its own.
// That server is the proxy for all that granary asks for, so that nothing
// reaches beyond loopback.
func TestScripts(t *testing.T) {
	if _, err := exec.LookPath("nix-instantiate"); err != nil {
		t.Fatalf("these tests need Nix (scripts/test installs it): %v", err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setUp,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":   cmdStatus,
			"fields":   cmdFields,
			"ftp":      cmdFTP,
			"lines":    cmdLines,
			"expected": cmdExpected,
			"reply":    cmdReply,
			"requests": cmdRequests,
			"schema":   cmdSchema,
		},
	})
}

func setUp(env *testscript.Env) error {
	sample, err := filepath.Abs(sampleDir)
	if err != nil {
		return err
	}
	granary, err := exec.LookPath("granary")
	if err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, "home")
	if err := os.Mkdir(home, 0o777); err != nil {
		return err
	}
	w := newWeb(env)
	env.Values[webKey{}] = w
	env.Vars = append(env.Vars,
		"HOME="+home,
		"XDG_CACHE_HOME="+filepath.Join(home, "cache"),
		"NIX_CONFIG=build-users-group =",
		"GORACE=atexit_sleep_ms=0", // else each program takes a second to end
		"SAMPLE="+sample,
		"BIN="+filepath.Dir(granary),
		"UNSHARE="+unshare(),
		"WEB="+w.url,
		"http_proxy="+w.url,
		"https_proxy="+w.url,
		substitutersVar+"=", // a script that wants the default unsets it
	)
	return nil
}

// cmdStatus is `status N PROGRAM ARG...`: it runs a program, which must end
// with exit status N.
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got, err = exit.ExitCode(), nil
	}
	ts.Check(err)
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// unshare returns the flags for unshare(1) that give a script mounts of its
// own. The propagation of / cannot be changed in a chroot.
func unshare() string {
	if os.Getuid() == 0 {
		return "--mount --propagation=unchanged"
	}
	return "--mount --map-root-user --propagation=unchanged"
}

// cmdSchema is `schema N FILE`: it makes a catalog say that it has schema N.
func cmdSchema(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: schema N FILE")
	}
	db, err := sql.Open("sqlite3", ts.MkAbs(args[1]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(fmt.Sprintf("PRAGMA user_version = %s", args[0]))
	ts.Check(err)
}
