package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/hashes"
	"granary/intake"
)

func newAdd(a *app) *cobra.Command {
	var from []string
	cmd := &cobra.Command{
		Use:   "add [FILE...]",
		Short: "Take files by hand, each only if its hash is wanted",
		Long: "Takes files and folders whose hash is that of a wanted source: a file, an\n" +
			"archive of a tree, a NAR, a folder, wherever they are and whatever their names.\n" +
			"They are copied, and never changed. A folder that is no source itself is\n" +
			"searched.\n\n" +
			"--from takes what it can from a place: another disk of granary, a Nix store (the\n" +
			"folder itself, or that in which there is nix/store), a folder of distfiles, or\n" +
			"any folder. There, symbolic links are not followed, and what cannot be read is\n" +
			"passed over with a warning.\n\n" +
			"Exit status 3 means that a file that was named is no wanted source, or that\n" +
			"sources are missing and --from has none of them.",
		Example: "  granary add ~/Downloads/jdk-8u202-linux-x64.tar.gz\n" +
			"  granary add --from /mnt/friend --from /nix/store",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && len(from) == 0 {
				return usagef("granary add needs a file, or --from DIR")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := a.findDisk(); err != nil {
				return err
			}
			if err := a.checkPlaces(from); err != nil {
				return err
			}
			if err := a.openForWriting(ctx, "add"); err != nil {
				return err
			}
			return a.add(ctx, args, from)
		},
	}
	cmd.Flags().StringArrayVar(&from, "from", nil,
		"take what can be had from another disk, a Nix store or a folder `DIR` (repeatable)")
	return cmd
}

func (a *app) checkPlaces(places []string) error {
	own, err := os.Stat(a.diskDir)
	if err != nil {
		return err
	}
	for _, dir := range places {
		switch info, err := os.Stat(dir); {
		case err != nil:
			return fmt.Errorf("add: %w", err)
		case !info.IsDir():
			return usagef("--from %q: not a folder", dir)
		case os.SameFile(info, own):
			return usagef("--from %q: it is the disk itself", dir)
		}
	}
	return nil
}

func (a *app) add(ctx context.Context, files, places []string) error {
	sources, err := a.catalog.Sources(ctx)
	if err != nil {
		return err
	}
	r := &adding{app: a, ctx: ctx, recorded: time.Now()}
	wanted := make([]intake.Wanted, len(sources))
	for i := range sources {
		wanted[i] = intake.Wanted{Source: sources[i].Source, Held: a.holds(&sources[i])}
		if !wanted[i].Held {
			r.done.Missing++
		}
	}
	r.intake = intake.New(a.disk, wanted, r.take)
	r.progress = a.newProgress("adding: ", -1)
	err = r.run(files, places)
	r.progress.end()
	if err != nil {
		return err
	}
	return r.report(len(places) > 0)
}

// otherDisk returns what serves the sources of the disk in dir; nil if it has no
// catalog that can be read.
func (a *app) otherDisk(
	ctx context.Context, dir string,
) (map[hashes.StorePath]intake.Served, error) {
	path := filepath.Join(dir, "granary.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	other, err := catalog.OpenReadOnly(ctx, path)
	if err != nil {
		a.notef("warning: %s; its files are looked at one by one", a.oneLine(err))
		return nil, ctx.Err()
	}
	defer other.Close()
	sources, err := other.Sources(ctx)
	if err != nil {
		return nil, err
	}
	serves := map[hashes.StorePath]intake.Served{}
	for i := range sources {
		if s := &sources[i]; s.State == catalog.Held {
			serves[s.OutPath] = intake.Served{Object: s.Object, Recipe: s.HeldBy}
		}
	}
	return serves, nil
}
