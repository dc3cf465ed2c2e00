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
	"time"
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
	out, err := n.output(ctx, "nix", "--version")
	switch {
	case errors.Is(err, ErrNoNix):
		return "", err
	case err != nil:
		return "", fmt.Errorf("run nix --version: %w", err)
	}
	version := versionPattern.FindString(out)
	if version == "" {
		return "", fmt.Errorf("run nix --version: no version in %q", out)
	}
	return version, nil
}

// System returns the system that Nix builds for here, such as "x86_64-linux".
func (n Nix) System(ctx context.Context) (string, error) {
	out, err := n.evalPure(ctx, "builtins.currentSystem")
	if err == nil {
		out, err = strconv.Unquote(out)
	}
	if err != nil {
		return "", fmt.Errorf("find this machine's system: %w", err)
	}
	return out, nil
}

// CheckConfig returns an error unless text is an attribute set in the Nix
// language, such as nixpkgs' config is. "" is one.
func (n Nix) CheckConfig(ctx context.Context, text string) error {
	if text == "" {
		return nil
	}
	out, err := n.evalPure(ctx, "builtins.isAttrs (\n"+text+"\n)")
	if err == nil && out != "true" {
		err = errors.New("it is not an attribute set")
	}
	return err
}

// CheckSyntax returns an error unless text is an expression in the Nix language.
func (n Nix) CheckSyntax(ctx context.Context, text string) error {
	_, err := n.output(ctx, "nix-instantiate", "--parse", "--store", "dummy://", "--expr", text)
	return err
}

var remoteEntry = regexp.MustCompile(`://|\b(channel|flake):`)

// FindFile returns the folder that <name> stands for in the user's NIX_PATH.
// Where that names URLs, Nix needs the user's store for what it downloads.
func (n Nix) FindFile(ctx context.Context, name string) (string, error) {
	args := []string{"--find-file", name}
	if !remoteEntry.MatchString(os.Getenv("NIX_PATH")) {
		args = append(args, "--store", "dummy://")
	}
	out, err := n.output(ctx, "nix-instantiate", args...)
	if err != nil {
		return "", fmt.Errorf("find <%s> in NIX_PATH: %w", name, err)
	}
	return out, nil
}

// evalPure evaluates an expression that needs no store.
func (n Nix) evalPure(ctx context.Context, expr string) (string, error) {
	return n.output(ctx, "nix-instantiate", "--eval", "--store", "dummy://", "--expr", expr)
}

// output runs a program of Nix and returns what it writes. The error is
// ErrNoNix, or Nix's own message.
func (n Nix) output(ctx context.Context, name string, args ...string) (string, error) {
	program, err := n.program(name)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return "", errors.New(stderrOf(err))
	}
	return strings.TrimSpace(string(out)), nil
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
func (r *run) environment(dir string) []string {
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
		"NIX_CONFIG=" + strings.Join(settings, "\n") + "\nsystem = " + r.System,
		// No network: a proxy where nothing listens, and local repositories only.
		"http_proxy=" + nowhere,
		"https_proxy=" + nowhere,
		"all_proxy=" + nowhere,
		"GIT_ALLOW_PROTOCOL=file",
	}
	env = append(env, r.nixpkgsConfig(dir)...)
	if r.Workers > 1 {
		// Nix's garbage collector would mark with a thread a CPU in each worker.
		env = append(env, "GC_MARKERS=1")
	}
	for _, allowed := range []struct {
		allow bool
		name  string
	}{
		{r.Unfree, "UNFREE"}, {r.Broken, "BROKEN"},
		{r.Unsupported, "UNSUPPORTED_SYSTEM"}, {r.Insecure, "INSECURE"},
	} {
		if allowed.allow {
			env = append(env, "NIXPKGS_ALLOW_"+allowed.name+"=1")
		}
	}
	return env
}

// nowhere is a URL at which no program listens: port 9 is that of the discard
// service (RFC 863).
const nowhere = "http://127.0.0.1:9"

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
