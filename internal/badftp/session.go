package badftp

import (
	"context"
	"fmt"
	"net"
	"path"
	"strconv"
)

// A Session is one control connection.
type Session struct {
	server  *Server
	control net.Conn
	over    bool
	folder  string
	offset  int
	data    chan net.Conn // of the port that listens
}

// do answers a command, as the script says.
func (x *Session) do(verb, arg string) {
	if fault := x.server.fault(verb); fault != nil {
		fault(x, arg)
		return
	}
	x.Well(verb, arg)
}

// Well answers a command as a good server does.
func (x *Session) Well(verb, arg string) {
	answer, ok := answers[verb]
	if !ok {
		x.Say("502 Command not implemented.")
		return
	}
	answer(x, arg)
}

// Say sends lines.
func (x *Session) Say(lines ...string) {
	for _, line := range lines {
		fmt.Fprint(x.control, line+"\r\n")
	}
}

func (x *Session) end() {
	x.control.Close()
	x.server.mu.Lock()
	defer x.server.mu.Unlock()
	x.server.open--
}

func (x *Session) path(name string) string { return path.Join("/", x.folder, name) }

var answers = map[string]func(x *Session, arg string){
	Greeting: Say("220-Welcome", " 220 to here", "220 badftp"),
	"USER":   Say("331 Any password will do."),
	"PASS":   Say("230-Some rules:", " 230 none", "230 Logged in."),
	"TYPE":   Say("200 Done."),
	"SIZE":   (*Session).size,
	"MDTM":   (*Session).time,
	"EPSV":   (*Session).extended,
	"PASV":   func(x *Session, _ string) { x.passive("192,0,2,1") },
	"REST":   (*Session).restart,
	"CWD":    (*Session).enter,
	"RETR":   (*Session).retrieve,
}

func (x *Session) size(name string) {
	if f, ok := x.server.file(x.path(name)); ok {
		x.Say("213 " + strconv.Itoa(len(f.body)))
	} else {
		x.Say("550 No such file.")
	}
}

func (x *Session) time(name string) {
	if f, ok := x.server.file(x.path(name)); ok {
		x.Say("213 " + f.modified.UTC().Format("20060102150405.000"))
	} else {
		x.Say("550 No such file.")
	}
}

func (x *Session) extended(string) {
	port, c := x.server.listen()
	x.data = c
	x.Say(fmt.Sprintf("229 Entering Extended Passive Mode (|||%d|)", port))
}

func (x *Session) passive(host string) {
	port, c := x.server.listen()
	x.data = c
	x.Say(fmt.Sprintf("227 Entering Passive Mode (%s,%d,%d).", host, port>>8, port&255))
}

func (x *Session) restart(arg string) {
	x.offset, _ = strconv.Atoi(arg)
	x.Say("350 Restarting.")
}

func (x *Session) enter(dir string) {
	if !path.IsAbs(dir) {
		dir = x.path(dir)
	}
	if !x.server.isFolder(dir) {
		x.Say("550 No such folder.")
		return
	}
	x.folder = dir
	x.Say("250 Done.")
}

func (x *Session) retrieve(name string) {
	f, ok := x.server.file(x.path(name))
	if !ok {
		x.Say("550 No such file.")
		return
	}
	x.send(f.body[min(x.offset, len(f.body)):])
	x.Say("226 Transfer complete.")
}

// send announces and sends data, and ends the data connection.
func (x *Session) send(data []byte) {
	if conn := x.begin(); conn != nil {
		conn.Write(data)
		conn.Close()
	}
}

// begin announces data, and returns the connection for it, which ends with the
// server; nil if that comes first.
func (x *Session) begin() net.Conn {
	x.offset = 0
	x.Say("150 Here it comes.")
	select {
	case conn := <-x.data:
		context.AfterFunc(x.server.ctx, func() { conn.Close() })
		return conn
	case <-x.server.ctx.Done():
		return nil
	}
}
