package main

import (
	"io"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var (
	readmeFlag    = regexp.MustCompile("--[a-z][a-z-]+")
	readmeCommand = regexp.MustCompile("(?:`|\\./)granary ([a-z]+)")
)

// TestReadme checks that the README speaks of the commands that there are, of
// all of them, and of flags that there are.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	root := newRoot(&app{stdout: io.Discard, stderr: io.Discard})
	flags := allFlags(root)
	for _, flag := range readmeFlag.FindAllString(string(text), -1) {
		if !slices.Contains(flags, flag) {
			t.Errorf("there is no flag %s", flag)
		}
	}
	commands := commandNames(root)
	var named []string
	for _, match := range readmeCommand.FindAllStringSubmatch(string(text), -1) {
		named = append(named, match[1])
		if !slices.Contains(commands, match[1]) {
			t.Errorf("there is no command %s", match[1])
		}
	}
	for _, command := range commands {
		if !slices.Contains(named, command) {
			t.Errorf("command %s is not in the README", command)
		}
	}
}

// allFlags returns the flags of cmd and of all commands below it.
func allFlags(cmd *cobra.Command) []string {
	var all []string
	add := func(f *pflag.Flag) { all = append(all, "--"+f.Name) }
	cmd.PersistentFlags().VisitAll(add)
	cmd.Flags().VisitAll(add)
	for _, sub := range cmd.Commands() {
		all = append(all, allFlags(sub)...)
	}
	return all
}
