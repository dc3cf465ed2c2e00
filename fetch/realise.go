package fetch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"granary"
	"granary/disk"
	"granary/nar"
)

// program returns one of Nix's programs.
func (b *Builder) program(name string) string { return filepath.Join(b.Programs, name) }

// installed returns an error if a program that the builder needs is not there.
func (b *Builder) installed() error {
	for _, name := range []string{"nix", "nix-store"} {
		if _, err := exec.LookPath(b.program(name)); err != nil {
			return err
		}
	}
	return nil
}

// storeFlags names the store that builds, if it is not the user's.
func (b *Builder) storeFlags(flag string) []string {
	if b.Store == "" {
		return nil
	}
	return []string{flag, b.Store}
}

// command returns a command that ends with ctx: asked to, Nix ends the builders
// that it has started.
func (b *Builder) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.program(name), args...)
	ownSession(cmd)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Second
	return cmd
}

// run runs a program of Nix and gives what it writes to w. The error is ctx's,
// that of w, the machine's, or a *failure with Nix's own words.
func (b *Builder) run(ctx context.Context, w io.Writer, name string, args ...string) error {
	cmd := b.command(ctx, name, args...)
	var message bytes.Buffer
	out := &keptError{w: w}
	cmd.Stdout, cmd.Stderr = out, &message
	err := cmd.Run()
	return cmp.Or(out.err, outcome(ctx, err, message.String()))
}

// nix runs what Nix calls an experimental command.
func (b *Builder) nix(ctx context.Context, w io.Writer, command ...string) error {
	args := append([]string{"--extra-experimental-features", "nix-command"}, command...)
	return b.run(ctx, w, "nix", args...)
}

// nixStore runs nix-store and returns what it writes.
func (b *Builder) nixStore(ctx context.Context, args ...string) (string, error) {
	var out strings.Builder
	err := b.run(ctx, &out, "nix-store", append(b.storeFlags("--store"), args...)...)
	return strings.TrimSpace(out.String()), err
}

// A keptError is a writer that remembers why it could not write: the program
// whose output it takes only finds its pipe closed.
type keptError struct {
	w   io.Writer
	err error
}

func (k *keptError) Write(p []byte) (n int, err error) {
	n, k.err = k.w.Write(p)
	return n, k.err
}

// outcome returns the error that a command ended with.
func outcome(ctx context.Context, err error, message string) error {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == exec.ErrWaitDelay: // what it started has its output open still
		return nil
	case errors.As(err, &exit):
		detail := strings.TrimSpace(plain(message))
		detail = cmp.Or(detail[max(0, len(detail)-buildLines*buildLineLen):], exit.Error())
		return &failure{reason: ReasonBuildFailed, detail: detail}
	}
	return err
}

// realise has derivations built. That some fail is no error. Outputs are stored
// as soon as they are there, so that an interrupt loses no more than it must.
func (b *batch) realise(ctx context.Context, drvs []string) error {
	args := append(b.Builder.storeFlags("--store"), "--realise", "--keep-going", "--fallback",
		"--max-jobs", "auto", "--log-format", "internal-json", "--no-gc-warning")
	building, stop := context.WithCancel(ctx)
	defer stop()
	cmd := b.Builder.command(building, "nix-store", append(args, drvs...)...)
	cmd.Stderr = b.log
	endWithBuilders(cmd)
	var failure error
	var collector sync.WaitGroup
	collector.Go(func() {
		for range b.log.built {
			if failure = cmp.Or(failure, b.collect(building)); failure != nil {
				stop()
			}
		}
	})
	err := cmd.Run()
	close(b.log.built)
	collector.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case failure != nil:
		return failure
	case err != nil && !errors.As(err, &exit) && err != exec.ErrWaitDelay:
		return fmt.Errorf("build: %w", err)
	}
	return nil
}

// store makes an object of the output of s, which is valid in the store. The
// error is a *failure if it has another hash than it should.
func (b *batch) store(
	ctx context.Context, s *granary.Source,
) (disk.Object, granary.Recipe, error) {
	command := append([]string{"store", "dump-path"}, b.Builder.storeFlags("--store")...)
	write := func(ctx context.Context, w io.Writer) error {
		return b.Builder.nix(ctx, w, append(command, string(s.OutPath))...)
	}
	if isFile(s.CA) {
		object, err := b.storeFile(ctx, s, write)
		return object, granary.RecipeFlat, err
	}
	object, err := b.storeNAR(ctx, s, write)
	return object, granary.RecipeNAR, err
}

// storeFile makes an object of the file that a NAR consists of.
func (r *run) storeFile(
	ctx context.Context, s *granary.Source, write func(context.Context, io.Writer) error,
) (disk.Object, error) {
	temp, err := r.Disk.CreateTemp(ctx, tempKey(s)+".file", s.CA.Hash.Algorithm())
	if err != nil {
		return disk.Object{}, err
	}
	if err = temp.Reset(); err == nil {
		err = r.copyOnlyFile(ctx, temp, write)
	}
	if err != nil {
		return disk.Object{}, cmp.Or(err, temp.Remove())
	}
	object, err := temp.Commit(s.CA.Hash)
	var mismatch *disk.MismatchError
	if errors.As(err, &mismatch) {
		return object, cmp.Or(temp.Remove(), error(wrongHash(mismatch.Want, mismatch.Got)))
	}
	return object, err
}

// copyOnlyFile writes the file that the NAR consists of, which write writes.
func (r *run) copyOnlyFile(
	ctx context.Context, w io.Writer, write func(context.Context, io.Writer) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, pipe := io.Pipe()
	var writer sync.WaitGroup
	writer.Go(func() { pipe.CloseWithError(write(ctx, pipe)) })
	defer writer.Wait()
	defer out.Close()
	in := nar.NewReader(out)
	entry, err := in.Next()
	switch {
	case err == nil && entry.Type != nar.Regular:
		return &failure{reason: ReasonBadArchive, detail: errNoFile.Error()}
	case err == nil && r.maxSize > 0 && entry.Size > r.maxSize:
		return &failure{reason: ReasonTooLarge, detail: errTooLarge.Error()}
	case err == nil:
		_, err = io.Copy(w, in)
	}
	if err == nil {
		_, err = in.Next()
	}
	switch {
	case err == io.EOF:
		return nil
	case errors.Is(err, nar.ErrFormat):
		return archiveFailure(err)
	}
	return err
}
