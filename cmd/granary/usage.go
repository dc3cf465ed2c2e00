package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is a wrong command line.
type usageError struct {
	cause error
	hint  string // "": where to read on
}

func (e *usageError) Error() string { return e.cause.Error() }

func usagef(format string, args ...any) error {
	return &usageError{cause: fmt.Errorf(format, args...)}
}

// noCommand is the check of arguments where a command below parent should stand.
func noCommand(parent *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := &usageError{cause: fmt.Errorf("unknown command %q", args[0])}
	if names := near(args[0], commandNames(parent)); len(names) > 0 {
		before := parent.CommandPath() + " "
		err.hint = "did you mean " + before + strings.Join(names, " or "+before) + "?"
	}
	return err
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}

func atMostOne(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("unexpected argument %q", args[1])
	}
	return nil
}

// oneOrMore returns a check for one argument or more; what says which.
func oneOrMore(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s: name at least one %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// exactlyOne returns a check for one argument; what says which.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s needs %s", cmd.CommandPath(), what)
		}
		return atMostOne(cmd, args)
	}
}

// wrongFlag puts the errors of pflag into our words.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(cmd, unknown.GetSpecifiedName())
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		return usagef("--%s %q: not %s", flag.Name, invalid.GetValue(), kindOf(flag))
	}
	return &usageError{cause: err}
}

func unknownFlag(cmd *cobra.Command, name string) error {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	dashes := "--"
	if len(name) == 1 {
		dashes = "-"
	}
	err := &usageError{cause: fmt.Errorf("unknown flag %s%s", dashes, name)}
	if names = near(name, names); len(names) > 0 {
		err.hint = "did you mean --" + strings.Join(names, " or --") + "?"
	}
	return err
}

// kindOf says what a flag's value should be.
func kindOf(flag *pflag.Flag) string {
	switch flag.Value.Type() {
	case "int":
		return "a whole number"
	case "duration":
		return "a time such as 30s or 5m"
	case "size":
		return "a size such as 500M or 4G"
	case "rate":
		return "a rate such as 500k or 2M, in bytes a second"
	}
	return "a " + flag.Value.Type()
}

// near returns the names that word may be a misspelling of. It asks cobra,
// which knows that of commands.
func near(word string, names []string) []string {
	all := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range names {
		all.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	return all.SuggestionsFor(word)
}
