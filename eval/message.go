package eval

import (
	"regexp"
	"strings"
)

// maxMessage bounds what is kept of an error message, in bytes.
const maxMessage = 4096

var (
	// Since 2.20 Nix prints a trace of where it was, then "error: <message>",
	// indented; before, the message stood first.
	errorLine    = regexp.MustCompile(`^\s*(?:\x1b\[[0-9;]*m)*error:(?:\x1b\[[0-9;]*m)* (.+)$`)
	endOfMessage = regexp.MustCompile(`^\s*(at .*:\d+(:\d+)?:?|… .*|\d*\|.*|\(.*--show-trace.*\)|` +
		`\(stack trace truncated.*|note: .*trace.*)$`)
)

// message returns the message in what Nix printed, without the trace and the
// excerpts of source text around it.
func message(output string) string {
	lines := strings.Split(output, "\n")
	start := -1
	for i, line := range lines {
		if errorLine.MatchString(line) {
			start = i
		}
	}
	if start < 0 {
		return truncate(strings.TrimSpace(output))
	}
	kept := []string{errorLine.FindStringSubmatch(lines[start])[1]}
	for _, line := range lines[start+1:] {
		if endOfMessage.MatchString(line) {
			break
		}
		kept = append(kept, strings.TrimSpace(line))
	}
	return truncate(strings.TrimSpace(strings.Join(kept, "\n")))
}

func truncate(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}

var ifdPattern = regexp.MustCompile(
	`(?s)cannot build ['"]?(/nix/store/[^'"^!\s]+\.drv)[^\n]*(allow-import-from-derivation|during evaluation)`)

// ifdDerivation returns the derivation that evaluation would have had to
// build, or "".
func ifdDerivation(message string) string {
	if m := ifdPattern.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}
