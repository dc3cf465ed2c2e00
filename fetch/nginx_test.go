package fetch

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"granary"
	"granary/internal/badweb"
)

// limitedNginx is a mirror that lists its folders, and answers 50 requests a second
// over two connections.
const limitedNginx = `daemon off;
pid DIR/pid;
error_log DIR/error.log;
USER
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	limit_req_zone $binary_remote_addr zone=requests:1m rate=50r/s;
	limit_req_status STATUS;
	server {
		listen ADDRESS;
		root DIR/files;
		autoindex on;
		limit_req zone=requests burst=3 nodelay;
	}
}
`

// startNginx serves DIR/files until the test ends, and returns the URL.
func startNginx(t *testing.T, dir, status string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	conf := strings.NewReplacer("DIR", dir, "ADDRESS", address, "STATUS", status, "USER", user)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf.Replace(limitedNginx)), 0o666); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // not in everybody's PATH
	}
	cmd := exec.Command(program, "-c", file, "-e", filepath.Join(dir, "error.log"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) { // nginx does not say
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return "http://" + address + "/"
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatal(err)
		}
	}
}

// A real mirror that limits its rate gives all that it has, whichever status it says
// so by; the list of a folder is no file.
func TestNginxLimitsTheRate(t *testing.T) {
	for _, status := range []string{"429", "503"} {
		t.Run(status, func(t *testing.T) {
			dir := t.TempDir()
			files := filepath.Join(dir, "files")
			if err := os.MkdirAll(filepath.Join(files, "folder"), 0o777); err != nil {
				t.Fatal(err)
			}
			base := startNginx(t, dir, status)
			b := newRig(t, badweb.New(t))
			b.fetcher.Transport = nil
			var sources []granary.Source
			for i := range 40 {
				body := noise(2000 + i)
				name := fmt.Sprint(i)
				if err := os.WriteFile(filepath.Join(files, name), body, 0o666); err != nil {
					t.Fatal(err)
				}
				sources = append(sources, flat(t, body, base+"folder/", base+name))
			}
			if err := b.fetch(t.Context(), sources...); err != nil {
				t.Fatal(err)
			}
			checkAllHeld(t, b.events, len(sources))
		})
	}
}
