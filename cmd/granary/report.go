package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func newReport(a *app) *cobra.Command {
	flags := new(askFlags)
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "Write a page for a browser: what is buildable, held and missing",
		Long: "Writes one page of HTML to FILE, or to stdout if it is -. The page needs nothing\n" +
			"beside itself and no network: any browser opens it. It shows how much is buildable\n" +
			"offline, by package set, the sources by state, kind, host, reason and size, and\n" +
			"every source that is missing, to be searched, with the attributes that need it.\n\n" +
			"A FILE that exists is replaced once the page is whole. With --snapshot or --system\n" +
			"the page is about these snapshots' attributes and the sources that they need, else\n" +
			"about all that the disk wants.",
		Args: exactlyOne("a FILE to write to, or - for stdout"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if a.json {
				return usagef("--json: a report is a page of HTML; the other commands have its data")
			}
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			page, err := a.reportPage(ctx, flags)
			if err != nil {
				return err
			}
			return a.writeReport(ctx, args[0], page)
		},
	}
	flags.add(cmd)
	return cmd
}

// reportPage returns the whole page.
func (a *app) reportPage(ctx context.Context, flags *askFlags) (string, error) {
	r, err := a.readReport(ctx, flags)
	if err != nil {
		return "", err
	}
	page := new(strings.Builder)
	err = r.render(page)
	return page.String(), err
}

func (a *app) writeReport(ctx context.Context, file, page string) error {
	if file == "-" {
		return a.print(page)
	}
	if err := replaceFile(ctx, file, page); err != nil {
		return err
	}
	a.notef("wrote %s, %s, for any browser", printable(file), bytes(int64(len(page))))
	return nil
}

// replaceFile writes a file that is there as a whole, or as it was.
func replaceFile(ctx context.Context, file, text string) error {
	if err := checkTarget(file); err != nil {
		return fmt.Errorf("write %s: %v", file, err)
	}
	if linked, err := filepath.EvalSymlinks(file); err == nil {
		file = linked
	}
	part := fmt.Sprintf("%s.%d.part", file, os.Getpid())
	err := writeNew(part, text)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = os.Rename(part, file)
	}
	if err != nil {
		_ = os.Remove(part)
		return fmt.Errorf("write %s: %v", file, cause(err))
	}
	return nil
}

// checkTarget refuses what a file must not take the place of.
func checkTarget(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil // there is none, or writing it says why not
	case info.IsDir():
		return errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return errors.New("it is no regular file (- is stdout)")
	}
	return nil
}

func writeNew(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// cause returns an error without the name of the file, which the caller knows.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}
