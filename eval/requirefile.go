package eval

import (
	"strings"

	"granary"
)

// findMessage returns what the user is to do for the source that d is, which
// requireFile of nixpkgs writes into the script that d runs: the output of
// another derivation. "" means that it could not be read.
func (r *reader) findMessage(s scratch, d *granary.Derivation) string {
	for _, in := range d.Inputs {
		if !strings.HasSuffix(string(in.Path), "-restrict-message.drv") {
			continue
		}
		text, err := s.read(string(in.Path))
		if err != nil {
			return "" // known from an earlier evaluation
		}
		script, err := ParseDerivation(in.Path, text)
		if err != nil {
			return ""
		}
		return requireFileMessage(fieldsOf(script).value("text"))
	}
	return ""
}

// requireFileMessage returns what a script prints between lines of three stars,
// less the indentation that all its lines have.
func requireFileMessage(script string) string {
	const stars = "\n***\n"
	_, rest, _ := strings.Cut(script, stars)
	end := strings.LastIndex(rest, stars)
	if end < 0 {
		return ""
	}
	return strings.TrimSpace(rest[:end])
}
