package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the width to which the help of flags is wrapped, in columns.
const helpWidth = 80

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:                   "help [COMMAND]",
		Short:                 "Show the commands, or the flags of one",
		DisableFlagsInUseLine: true,
		ValidArgsFunction: func(
			cmd *cobra.Command, args []string, _ string,
		) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(cmd.Root()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noCommand(cmd.Root(), args)
			}
			about.InitDefaultHelpFlag()
			about.InitDefaultVersionFlag()
			return about.Help()
		},
	}
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, cmd := range root.Commands() {
		if !cmd.Hidden {
			names = append(names, cmd.Name())
		}
	}
	return names
}

// usage prints what follows a command's description in its help.
func usage(cmd *cobra.Command) error {
	w := &usageWriter{w: cmd.OutOrStdout()}
	line := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		line = cmd.CommandPath() + " COMMAND [flags]"
	}
	w.printf("Usage:\n  %s\n", line)
	if cmd.HasExample() {
		w.printf("\nExamples:\n%s\n", cmd.Example)
	}
	for _, group := range cmd.Groups() {
		w.printf("\n%s:\n", group.Title)
		w.commands(cmd, group.ID)
	}
	w.flags("Flags", cmd.LocalFlags())
	w.flags("Flags of every command", cmd.InheritedFlags())
	if cmd.HasAvailableSubCommands() {
		w.printf("\n%s COMMAND --help says more about a command.\n", cmd.CommandPath())
	}
	return w.err
}

// usageWriter keeps the first error.
type usageWriter struct {
	w   io.Writer
	err error
}

func (w *usageWriter) printf(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.w, format, args...)
	}
}

func (w *usageWriter) commands(parent *cobra.Command, group string) {
	for _, cmd := range parent.Commands() {
		if cmd.GroupID == group && !cmd.Hidden {
			w.printf("  %-11s %s\n", cmd.Name(), cmd.Short)
		}
	}
}

func (w *usageWriter) flags(title string, flags *pflag.FlagSet) {
	if flags.HasAvailableFlags() {
		w.printf("\n%s:\n%s", title, flags.FlagUsagesWrapped(helpWidth))
	}
}
