package badftp

import (
	"io"
	"strings"
)

// A Fault answers a command with an argument in place of a good server.
type Fault func(x *Session, arg string)

// Say answers with lines.
func Say(lines ...string) Fault {
	return func(x *Session, _ string) { x.Say(lines...) }
}

// Leave answers with lines and closes the connection.
func Leave(lines ...string) Fault {
	return func(x *Session, _ string) {
		x.Say(lines...)
		x.over = true
	}
}

// Hang falls silent until the client goes.
func Hang() Fault {
	return func(x *Session, _ string) {
		io.Copy(io.Discard, x.control)
		x.over = true
	}
}

// Endless sends a line again and again until the client goes.
func Endless(line string) Fault {
	return func(x *Session, _ string) {
		lines := []byte(strings.Repeat(line, 1+4096/len(line)))
		for {
			if _, err := x.control.Write(lines); err != nil {
				x.over = true
				return
			}
		}
	}
}

// Foreign is PASV with the address of another host: four numbers with commas.
func Foreign(host string) Fault {
	return func(x *Session, _ string) { x.passive(host) }
}

// Cut is RETR that sends n bytes of the file, or of the rest asked for, closes
// the data connection and says last; with "" it closes the control connection.
func Cut(n int, last string) Fault {
	return func(x *Session, name string) {
		x.send(x.rest(name, n))
		if last == "" {
			x.over = true
		} else {
			x.Say(last)
		}
	}
}

// Stall is RETR that sends n bytes and falls silent.
func Stall(n int) Fault {
	return func(x *Session, name string) {
		rest := x.rest(name, n)
		conn := x.begin()
		if conn == nil {
			return
		}
		defer conn.Close()
		conn.Write(rest)
		Hang()(x, name)
	}
}

// rest returns n bytes of a file from the offset asked for, at the most.
func (x *Session) rest(name string, n int) []byte {
	f, _ := x.server.file(x.path(name))
	rest := f.body[min(x.offset, len(f.body)):]
	return rest[:min(n, len(rest))]
}
