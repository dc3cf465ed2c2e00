package fetch

import "strings"

// maxShown is how long a detail may be, in bytes.
const maxShown = 2000

// shown returns a detail as it can be shown: the words of servers come from
// strangers, and may move a terminal's cursor or change its state.
func shown(detail string) string {
	if len(detail) > maxShown {
		detail = detail[:maxShown] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return '\ufffd'
	}, strings.ToValidUTF8(detail, "\ufffd"))
}
