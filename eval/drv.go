package eval

import (
	"fmt"
	"strings"

	"granary"
	"granary/hashes"
)

// ParseDerivation reads the text of the .drv file at path. It takes the
// format that every Nix from 1.0 writes, and the versioned one of dynamic
// derivations ("xp-dyn-drv"), whose outputs of outputs it drops. Errors name
// the path and the byte offset. The strings of the result share text's memory.
//
// The rules are those of parse in Nix's src/libstore/derivation/aterm.cc
// (older: derivations.cc).
func ParseDerivation(path hashes.StorePath, text string) (*granary.Derivation, error) {
	if _, err := hashes.DefaultStoreDir.ParseStorePath(string(path)); err != nil ||
		!strings.HasSuffix(string(path), ".drv") {
		return nil, fmt.Errorf("parse %s: not the path of a derivation", path)
	}
	p := &aterm{text: text}
	d := &granary.Derivation{Path: path}
	p.derivation(d)
	if p.err == nil && p.pos != len(text) {
		p.fail("the end")
	}
	if p.err != nil {
		return nil, fmt.Errorf("parse %s: %w", path, p.err)
	}
	return d, nil
}

// aterm is a cursor over the text of a derivation. After an error every
// method does nothing, so that only the end result need be looked at.
type aterm struct {
	text string
	pos  int
	err  error
}

func (p *aterm) fail(want string) {
	if p.err == nil {
		p.err = fmt.Errorf("byte %d: want %s", p.pos, want)
		p.pos = len(p.text)
	}
}

// accept steps over c if it comes next.
func (p *aterm) accept(c byte) bool {
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *aterm) expect(literal string) {
	if strings.HasPrefix(p.text[p.pos:], literal) {
		p.pos += len(literal)
		return
	}
	p.fail(fmt.Sprintf("%q", literal))
}

// raw reads a string and returns what is between its quotes, escapes and all.
func (p *aterm) raw() string {
	p.expect(`"`)
	start := p.pos
	for p.err == nil {
		i := strings.IndexByte(p.text[p.pos:], '"')
		if i < 0 {
			p.pos = start
			p.fail("a closing quote")
			break
		}
		p.pos += i + 1
		if !p.escaped(start, p.pos-1) {
			return p.text[start : p.pos-1]
		}
	}
	return ""
}

// escaped tells whether an odd number of backslashes ends at i, counted back
// to start.
func (p *aterm) escaped(start, i int) bool {
	n := i
	for n > start && p.text[n-1] == '\\' {
		n--
	}
	return (i-n)%2 == 1
}

func (p *aterm) string() string { return granary.Unescape(p.raw()) }

// list calls item for each element of a bracketed list.
func (p *aterm) list(item func()) {
	p.expect("[")
	if p.accept(']') {
		return
	}
	for p.err == nil {
		item()
		if p.accept(']') {
			return
		}
		p.expect(",")
	}
}

func (p *aterm) strings() []string {
	if strings.HasPrefix(p.text[p.pos:], `["out"]`) {
		p.pos += len(`["out"]`)
		return onlyOut
	}
	var all []string
	p.list(func() { all = append(all, p.string()) })
	return all
}

// onlyOut is shared by nearly every input; nobody writes to it.
var onlyOut = []string{"out"}[:1:1]

func (p *aterm) derivation(d *granary.Derivation) {
	versioned := strings.HasPrefix(p.text, "Drv")
	if versioned {
		p.expect(`DrvWithVersion("xp-dyn-drv",`)
	} else {
		p.expect("Derive(")
	}
	p.list(func() { d.Outputs = append(d.Outputs, p.output()) })
	p.expect(",")
	d.Inputs = make([]granary.Input, 0, 16)
	p.list(func() { d.Inputs = append(d.Inputs, p.input(versioned)) })
	p.expect(",")
	d.Sources = p.strings()
	p.expect(",")
	d.System = p.string()
	p.expect(",")
	d.Builder = p.string()
	p.expect(",")
	d.Args = p.strings()
	p.expect(",")
	d.Env = make(granary.Env, 0, 48)
	p.list(func() { d.Env = append(d.Env, p.variable()) })
	p.expect(")")
}

func (p *aterm) output() (o granary.Output) {
	p.expect("(")
	o.Name = p.string()
	p.expect(",")
	o.Path = p.string()
	p.expect(",")
	o.HashAlgo = p.string()
	p.expect(",")
	o.Hash = p.string()
	p.expect(")")
	return o
}

func (p *aterm) input(versioned bool) (in granary.Input) {
	p.expect("(")
	in.Path = hashes.StorePath(p.string())
	p.expect(",")
	in.Outputs = p.inputOutputs(versioned)
	p.expect(")")
	return in
}

// inputOutputs reads the outputs of one input; in the versioned format they
// may be a pair of them and of the outputs of derivations that they in turn
// hold.
func (p *aterm) inputOutputs(versioned bool) []string {
	if !versioned || !p.accept('(') {
		return p.strings()
	}
	outputs := p.strings()
	p.expect(",")
	p.list(func() {
		p.expect("(")
		p.raw()
		p.expect(",")
		p.inputOutputs(versioned)
		p.expect(")")
	})
	p.expect(")")
	return outputs
}

func (p *aterm) variable() (v granary.EnvVar) {
	p.expect("(")
	v.Name = p.string()
	p.expect(",")
	v.Raw = p.raw()
	p.expect(")")
	return v
}
