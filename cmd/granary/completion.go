package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

var shells = []string{"bash", "fish", "powershell", "zsh"}

func newCompletion(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script for bash, fish, powershell or zsh",
		Example: "  source <(granary completion bash)\n" +
			"  granary completion bash >/etc/bash_completion.d/granary\n" +
			"  granary completion zsh >\"${fpath[1]}/_granary\"\n" +
			"  granary completion fish >~/.config/fish/completions/granary.fish",
		DisableFlagsInUseLine: true,
		ValidArgs:             shells,
		Args:                  exactlyOne("a shell: " + strings.Join(shells, ", ")),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			case "zsh":
				return root.GenZshCompletion(out)
			}
			return &usageError{
				cause: fmt.Errorf("no completion for the shell %q", args[0]),
				hint:  "there is one for " + strings.Join(shells, ", "),
			}
		},
	}
}
