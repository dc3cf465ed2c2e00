package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"granary"
	"granary/catalog"
	"granary/disk"
	"granary/hashes"
)

// sourceLine is a line of `granary sources --json`.
type sourceLine struct {
	Name      string           `json:"name"`
	OutPath   hashes.StorePath `json:"outPath"`
	Mode      string           `json:"mode"`
	Hash      string           `json:"hash"`
	URLs      []string         `json:"urls"`
	Kind      granary.Kind     `json:"kind"`
	Rev       string           `json:"rev,omitempty"`
	State     catalog.State    `json:"state"`
	Recipe    *granary.Recipe  `json:"recipe"`
	Object    *string          `json:"object"`
	Size      *int64           `json:"size"`
	Reason    *string          `json:"reason"`
	Detail    *string          `json:"detail"`
	Systems   []string         `json:"systems"`
	InClosure bool             `json:"inClosure"`
	Message   *string          `json:"message"` // what a person must do for it
	// Ledger says what became of each URL that was asked for; nil in lists of what
	// is to be fetched.
	Ledger []pastLine `json:"ledger,omitzero"`
}

func sourceJSON(s *catalog.Source) sourceLine {
	line := sourceLine{
		Name: s.Name, OutPath: s.OutPath, Mode: s.CA.Mode.String(), Hash: s.CA.Hash.SRI(),
		URLs: nonNil(s.URLs), Kind: s.Kind, Rev: s.Rev, State: s.State,
		Systems: nonNil(s.Systems), InClosure: s.InClosure,
		Reason: orNull(s.Reason), Detail: orNull(s.Detail),
		Message: orNull(s.Message),
	}
	if s.State == catalog.Held {
		line.Recipe = &s.HeldBy
		object := disk.ObjectName(s.Object)
		line.Object, line.Size = &object, &s.Size
	}
	return line
}

// orNull returns what JSON writes as null for "".
func orNull[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}

// nonNil returns what JSON writes as [] for no strings.
func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func newSources(a *app) *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use:   "sources",
		Short: "List the sources, each with what became of it",
		Long: "Lists the sources. Below one that failed stands, for each URL that was asked for,\n" +
			"when it worked and how it failed. With --json every source has that in \"ledger\":\n" +
			"objects with url, firstGood, lastGood, lastBad (times, or null for never), reason\n" +
			"(of the last failure) and failures (in a row).",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			switch catalog.State(state) {
			case "", catalog.Held, catalog.Missing, catalog.Failed:
			default:
				return usagef("--state %q: not held, missing or failed", state)
			}
			if err := a.openForReading(ctx); err != nil {
				return err
			}
			stock, err := a.takeStock(ctx)
			if err != nil {
				return err
			}
			sources := slices.DeleteFunc(stock.sources, func(s catalog.Source) bool {
				return state != "" && string(s.State) != state
			})
			return a.listSources(ctx, sources)
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only those that are held, missing or failed")
	return cmd
}

func (a *app) listSources(ctx context.Context, sources []catalog.Source) error {
	past, err := a.pasts(ctx, sources)
	if err != nil {
		return err
	}
	for i := range sources {
		if err := a.printSource(&sources[i], past[sources[i].ID]); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printSource(s *catalog.Source, past []catalog.Past) error {
	if a.json {
		line := sourceJSON(s)
		line.Ledger = pastJSON(past)
		return a.printJSON(line)
	}
	switch s.State {
	case catalog.Held:
		return a.printf("held     %s  %s, %s  %s\n", s.Name, s.HeldBy, bytes(s.Size),
			disk.ObjectName(s.Object))
	case catalog.Failed:
		if err := a.printf("failed   %s  %s", s.Name, s.Reason); err != nil {
			return err
		}
		if s.Detail != "" && s.Detail != s.Message {
			if err := a.printf(": %s", printable(s.Detail)); err != nil {
				return err
			}
		}
	default:
		if err := a.printf("missing  %s", s.Name); err != nil {
			return err
		}
	}
	more := rot(s.URLs, past)
	if s.Message != "" {
		more = slices.Concat(more, strings.Split(strings.TrimSpace(s.Message), "\n"))
	}
	for _, line := range more {
		if err := a.printf("\n         %s", printable(line)); err != nil {
			return err
		}
	}
	return a.printf("\n")
}

// byHand tells whether a person must get s, and granary add takes it.
func byHand(s *granary.Source) bool {
	return s.Kind == granary.KindRequireFile || s.Message != ""
}
