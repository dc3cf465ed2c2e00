package eval

import (
	"regexp"
	"strings"
)

// maxMessage bounds what is kept of an error message, in bytes.
const maxMessage = 4096

// indent stands before every line of an error but the first.
const indent = "       "

// position is the line that ends a message, above an excerpt of source text.
var position = regexp.MustCompile(`^at .+:\d+:\d+:$`)

// message returns Nix's message in what it printed, without the trace and the
// excerpts of source text around it. Up to Nix 2.19 the message stands first:
//
//	error: attribute 'b' missing
//
//	       at /x/default.nix:1:2:
//
// Since then it may stand below a trace:
//
//	error:
//	       … while calling the 'foldl'' builtin
//
//	       error: attribute 'b' missing
//	       at /x/default.nix:1:2:
func message(output string) string {
	lines := strings.Split(output, "\n")
	start := messageStart(lines)
	if start < 0 {
		return truncate(strings.TrimSpace(output))
	}
	kept := []string{strings.TrimPrefix(strings.TrimPrefix(lines[start], indent), "error:")}
	for _, line := range lines[start+1:] {
		text, indented := strings.CutPrefix(line, indent)
		if line != "" && !indented || position.MatchString(text) {
			break
		}
		kept = append(kept, text)
	}
	return truncate(strings.TrimSpace(strings.Join(kept, "\n")))
}

var anyPosition = regexp.MustCompile(`(?m)^\s*(at .+:\d+:\d+):$`)

// treeMessage is message, and says of a syntax error where it is: in a tree of
// many files the message alone is of no help.
func treeMessage(output string) string {
	text := message(output)
	at := anyPosition.FindAllStringSubmatch(output, -1)
	if len(at) == 0 || !strings.HasPrefix(text, "syntax error") {
		return text
	}
	return text + " " + at[len(at)-1][1]
}

// messageStart returns the line in which the message of the last error begins,
// or -1. The head of a long trace may have been lost.
func messageStart(lines []string) int {
	start := -1
	for i, line := range lines {
		text, indented := strings.CutPrefix(line, indent)
		inTrace := start < 0 || lines[start] == "error:"
		if strings.HasPrefix(text, "error:") && (!indented || inTrace) {
			start = i
		}
	}
	return start
}

func truncate(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}

// Nix's wording in src/libexpr/primops.cc; before 2.14 no output is named.
var ifdPattern = regexp.MustCompile(
	`^cannot build '(/nix/store/[^'^!]+\.drv)[^']*' during evaluation`)

// ifdDerivation returns the derivation that evaluation would have had to
// build, or "" if the message tells of another error.
func ifdDerivation(message string) string {
	if m := ifdPattern.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}
