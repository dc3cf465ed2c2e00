package eval

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Nix is an installation of Nix: the directory of its programs, or "" for
// those in PATH.
type Nix struct{ Dir string }

// ErrNoNix means that there is no Nix to evaluate with.
var ErrNoNix = errors.New("nix is not installed")

func (n Nix) program(name string) (string, error) {
	path, err := exec.LookPath(filepath.Join(n.Dir, name))
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return "", ErrNoNix
	}
	return path, err
}

var versionPattern = regexp.MustCompile(`\b(\d+)\.(\d+)(\.\d+)*`)

// Version returns what `nix --version` says, such as "2.8.0". Its error is
// ErrNoNix when there is none.
func (n Nix) Version(ctx context.Context) (string, error) {
	program, err := n.program("nix")
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("run %s --version: %w", program, err)
	}
	version := versionPattern.FindString(string(out))
	if version == "" {
		return "", fmt.Errorf("run %s --version: no version in %q", program, out)
	}
	return version, nil
}

// System returns the system that Nix builds for here, such as "x86_64-linux".
func (n Nix) System(ctx context.Context) (string, error) {
	out, err := n.evalRaw(ctx, "builtins.currentSystem")
	if err != nil {
		return "", fmt.Errorf("find this machine's system: %w", err)
	}
	return out, nil
}

// FindFile returns the folder that <name> stands for in the user's NIX_PATH.
func (n Nix) FindFile(ctx context.Context, name string) (string, error) {
	program, err := n.program("nix-instantiate")
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, program, "--find-file", name).Output()
	if err != nil {
		return "", fmt.Errorf("find <%s> in NIX_PATH: %s", name, stderrOf(err))
	}
	return strings.TrimSpace(string(out)), nil
}

func (n Nix) evalRaw(ctx context.Context, expr string) (string, error) {
	program, err := n.program("nix-instantiate")
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, "--eval", "--store", "dummy://", "--expr", expr)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("evaluate %s: %s", expr, stderrOf(err))
	}
	return strconv.Unquote(strings.TrimSpace(string(out)))
}

func stderrOf(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return message(string(exit.Stderr))
	}
	return err.Error()
}

// environment returns the environment of a worker: nothing of the user's
// configuration, folders of its own below dir, and what nixpkgs reads to allow
// packages that it otherwise refuses.
func (e *Evaluator) environment(dir string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"LANG=C.UTF-8",
		"HOME=" + dir,
		"TMPDIR=" + dir,
		"XDG_CACHE_HOME=" + dir,
		"XDG_CONFIG_HOME=" + dir,
		"XDG_DATA_HOME=" + dir,
		"XDG_STATE_HOME=" + dir,
		"NIX_CONF_DIR=" + dir,
		"NIX_USER_CONF_FILES=",
		"NIX_PATH=",
		"NIX_CONFIG=" + strings.Join(settings, "\n"),
	}
	if e.Workers > 1 {
		// Nix's garbage collector would mark with a thread a CPU in each worker.
		env = append(env, "GC_MARKERS=1")
	}
	for _, allowed := range []struct {
		allow bool
		name  string
	}{
		{e.Unfree, "UNFREE"}, {e.Broken, "BROKEN"},
		{e.Unsupported, "UNSUPPORTED_SYSTEM"}, {e.Insecure, "INSECURE"},
	} {
		if allowed.allow {
			env = append(env, "NIXPKGS_ALLOW_"+allowed.name+"=1")
		}
	}
	return env
}

// settings are those of nix.conf(5) under which workers run.
var settings = []string{
	"build-users-group =",
	"extra-experimental-features = nix-command ca-derivations",
	"allow-import-from-derivation = false",
	"substitute = false",
	"substituters =",
	"fsync-metadata = false", // a scratch store need not survive a crash
	"connect-timeout = 1",
	"download-attempts = 1",
	"warn-dirty = false",
}
