package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// nginxConf is that of a well-kept mirror of two workers. What DIR stands for
// holds all that nginx writes.
const nginxConf = `daemon off;
worker_processes 2;
pid DIR/pid;
error_log DIR/error.log;
USER
events { worker_connections 1024; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 10000000;
	default_type application/octet-stream;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	server { listen ADDRESS; root ROOT; }
}
`

// A webServer serves the files of one folder.
type webServer struct {
	base string // URL, with a slash at the end
	stop func()
}

// startNginx serves root with a configuration of its own in dir.
func startNginx(ctx context.Context, dir, root string) (*webServer, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // whom nobody's folders keep out
	}
	conf := strings.NewReplacer("DIR", dir, "ROOT", root, "ADDRESS", address, "USER", user)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf.Replace(nginxConf)), 0o644); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, "/usr/sbin/nginx", "-p", dir, "-c", file, "-e", "error.log")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	stop := func() { cancel(); cmd.Wait() }
	if err := waitFor(ctx, address); err != nil {
		stop()
		log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
		return nil, fmt.Errorf("nginx: %w\n%s", err, tail(string(log)))
	}
	return &webServer{"http://" + address + "/", stop}, nil
}

// freeAddress returns an address of loopback at which nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// waitFor returns when somebody listens at address, or after 10 seconds.
func waitFor(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var dialer net.Dialer
	for {
		c, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// startSlow serves root so that each answer begins after latency.
func startSlow(root string, latency time.Duration) *webServer {
	s := httptest.NewServer(slow(http.FileServer(http.Dir(root)), latency))
	return &webServer{s.URL + "/", s.Close}
}

func slow(next http.Handler, latency time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(latency):
			next.ServeHTTP(w, r)
		}
	})
}
