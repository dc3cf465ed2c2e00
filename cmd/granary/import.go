package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/hashes"
	"granary/nar"
	"granary/wantlist"
)

// importLine is what `granary import --json` prints.
type importLine struct {
	Sources int `json:"sources"` // on the want-list
	New     int `json:"new"`     // of these, the disk had never heard of
	Held    int `json:"held"`
	Missing int `json:"missing"`
}

func newImport(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE.jsonl",
		Short: "Record wanted sources from a want-list; - reads stdin",
		Long: "Records the sources of a want-list, as granary want prints it, so that granary\n" +
			"fetch fetches them. A disk that is not there is made. If a line is wrong,\n" +
			"nothing of the file is taken. A file that is compressed is read as well.",
		Example: "  granary want --disk /mnt/usb >wanted.jsonl     # here\n" +
			"  granary import wanted.jsonl && granary fetch    # where there is a network",
		DisableFlagsInUseLine: true,
		Args:                  exactlyOne("a want-list: a file, or - for stdin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := a.readWantList(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			if err := a.openForWriting(ctx, "import"); err != nil {
				return err
			}
			added, err := a.catalog.Import(ctx, list)
			if err != nil {
				return err
			}
			return a.reportImport(ctx, list, added)
		},
	}
}

// readWantList reads the file called name, or stdin for "-".
func (a *app) readWantList(stdin io.Reader, name string) ([]catalog.Wanted, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		defer f.Close()
		in = f
	}
	plain, err := nar.Decompress(in)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", name, err)
	}
	defer plain.Close()
	entries, err := wantlist.Read(plain)
	if err != nil {
		return nil, a.wrongWantList(name, err)
	}
	list := make([]catalog.Wanted, len(entries))
	for i := range entries {
		list[i] = catalog.Wanted(entries[i])
	}
	return list, nil
}

// wrongWantList tells of several wrong lines, one by one.
func (a *app) wrongWantList(name string, err error) error {
	var wrong *wantlist.Error
	if !errors.As(err, &wrong) || wrong.Count == 1 {
		return fmt.Errorf("import %s: %w", name, err)
	}
	for _, line := range wrong.Lines {
		a.sayf("granary: %s: line %d: %s", printable(name), line.Line, a.oneLine(line.Err))
	}
	return fmt.Errorf("import %s: %d lines are wrong; nothing was taken", name, wrong.Count)
}

func (a *app) reportImport(ctx context.Context, list []catalog.Wanted, added int) error {
	sources, err := a.catalog.Sources(ctx)
	if err != nil {
		return err
	}
	listed := map[hashes.StorePath]bool{}
	for i := range list {
		listed[list[i].OutPath] = true
	}
	line := importLine{Sources: len(listed), New: added}
	for i := range sources {
		switch {
		case !listed[sources[i].OutPath]:
		case sources[i].State == catalog.Held:
			line.Held++
		default:
			line.Missing++
		}
	}
	a.notef("%s on the list, %s new, %s held already", count(line.Sources, "source"),
		thousands(line.New), thousands(line.Held))
	if a.json {
		return a.printJSON(line)
	}
	return nil
}
