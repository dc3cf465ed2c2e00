// Package vsftpd runs a real FTP server for tests: vsftpd, which scripts/test
// installs.
package vsftpd

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A Server serves files to anonymous users. It runs as whoever started it, and
// without a chroot: / is the root of the machine.
type Server struct {
	URL string // with a slash at the end
	Dir string // of the files that the URL stands for
	log string
}

// Anonymous is the configuration that lets in everybody.
const Anonymous = "anonymous_enable=YES"

// New starts a server for the files below a new folder, with lines of its own
// configuration. It ends with the test.
func New(t testing.TB, config ...string) *Server {
	t.Helper()
	s, stop, err := Start(t.TempDir(), config...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s
}

// Start starts a server for the files below dir/files, and is for who has no
// testing.TB. Configuration and log are in dir, too.
func Start(dir string, config ...string) (s *Server, stop func(), err error) {
	address, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	s = &Server{
		URL: "ftp://" + address + "/",
		Dir: filepath.Join(dir, "files"),
		log: filepath.Join(dir, "vsftpd.log"),
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, nil, err
	}
	file := filepath.Join(dir, "vsftpd.conf")
	if err := os.WriteFile(file, []byte(s.config(address, config)), 0o600); err != nil {
		return nil, nil, err
	}
	if stop, err = run(file); err != nil {
		return nil, nil, err
	}
	if err := await(address); err != nil {
		stop()
		return nil, nil, err
	}
	return s, stop, nil
}

func (s *Server) config(address string, more []string) string {
	host, port, _ := net.SplitHostPort(address) // as the system has given it
	return strings.Join(append([]string{
		"listen=YES", "listen_address=" + host, "listen_port=" + port, "background=NO",
		"run_as_launching_user=YES", "seccomp_sandbox=NO", "local_enable=NO",
		"anon_root=" + s.Dir, "xferlog_enable=YES", "log_ftp_protocol=YES",
		"vsftpd_log_file=" + s.log, "",
	}, more...), "\n") + "\n"
}

func run(config string) (stop func(), err error) {
	program, err := exec.LookPath("vsftpd")
	if err != nil {
		program = "/usr/sbin/vsftpd" // which is not in everybody's path
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, config)
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("%w (scripts/test installs it)", err)
	}
	return func() {
		cancel()
		_ = cmd.Wait() // killed
	}, nil
}

// freeAddress returns an address on loopback at which nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func await(address string) error {
	var err error
	for range 1000 {
		var conn net.Conn
		if conn, err = net.Dial("tcp", address); err == nil {
			return conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// File makes a file below s.Dir.
func (s *Server) File(t testing.TB, name string, content []byte) {
	t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Logins returns how many there were.
func (s *Server) Logins(t testing.TB) int {
	t.Helper()
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(log, []byte("OK LOGIN"))
}
