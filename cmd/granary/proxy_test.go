package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"granary/hashes"
	"granary/internal/badweb"
)

// A proxyRun is a fetch of one file by way of tinyproxy.
type proxyRun struct {
	name   string
	secure bool     // by https
	config []string // of tinyproxy
	env    []string // ADDRESS stands for that of tinyproxy
	port   string   // that is asked for, if not that of the web server

	reason string // "" if the file is held
	detail string // a part of it
	asked  int    // requests that the web server gets
	direct bool   // not from the proxy
}

var proxyRuns = []proxyRun{
	{name: "http", env: []string{"http_proxy=http://ADDRESS"}, asked: 1},
	{name: "https, in a tunnel", secure: true, env: []string{"https_proxy=http://ADDRESS"}, asked: 1},
	{name: "upper case", env: []string{"HTTP_PROXY=ADDRESS"}, asked: 1},
	{name: "only for the other scheme", env: []string{"https_proxy=http://ADDRESS"},
		asked: 1, direct: true},
	{name: "no_proxy", env: []string{"http_proxy=http://ADDRESS", "no_proxy=x.invalid,0.0.0.0"},
		asked: 1, direct: true},
	{name: "a password", config: []string{"BasicAuth me secret"},
		env: []string{"http_proxy=http://me:secret@ADDRESS"}, asked: 1},
	{name: "a password, in a tunnel", secure: true, config: []string{"BasicAuth me secret"},
		env: []string{"https_proxy=http://me:secret@ADDRESS"}, asked: 1},
	{name: "no password", config: []string{"BasicAuth me secret"},
		env: []string{"http_proxy=http://ADDRESS"}, reason: "proxy", detail: "407 "},
	{name: "no password, in a tunnel", secure: true, config: []string{"BasicAuth me secret"},
		env: []string{"https_proxy=http://ADDRESS"}, reason: "proxy", detail: "407 "},
	{name: "tunnels to other ports alone", secure: true, config: []string{"ConnectPort 443"},
		env: []string{"https_proxy=http://ADDRESS"}, reason: "forbidden", detail: "proxy: 403 "},
	{name: "nobody behind it", port: "1", env: []string{"http_proxy=http://ADDRESS"},
		reason: "server error", detail: "500 Unable to connect"},
	{name: "nobody behind it, in a tunnel", secure: true, port: "1",
		env:    []string{"https_proxy=http://ADDRESS"},
		reason: "server error", detail: "proxy: 500 Unable to connect"},
	{name: "down", env: []string{"http_proxy=http://127.0.0.1:1"},
		reason: "proxy", detail: "refused"},
	{name: "down, in a tunnel", secure: true, env: []string{"https_proxy=http://127.0.0.1:1"},
		reason: "proxy", detail: "refused"},
}

func TestProxies(t *testing.T) {
	for _, test := range proxyRuns {
		t.Run(test.name, test.run)
	}
}

func (p proxyRun) run(t *testing.T) {
	body := []byte("what is wanted")
	web := badweb.New(t)
	web.Handle("/f", badweb.File(body, "e"))
	dir := t.TempDir()
	want := fmt.Sprintf(`{"name":"f","urls":[%q],"hash":%q,"mode":"flat"}`,
		p.url(web), hashes.Sum(hashes.SHA256, body).SRI())
	ca := filepath.Join(dir, "ca.pem")
	list := filepath.Join(dir, "wanted.jsonl")
	write(t, ca, badweb.Authority())
	write(t, list, []byte(want))
	env := append(os.Environ(), "HOME="+dir, "SSL_CERT_FILE="+ca, "GRANARY_SUBSTITUTERS=",
		"GORACE=atexit_sleep_ms=0")
	address := startTinyproxy(t, p.config)
	for _, setting := range p.env {
		env = append(env, strings.ReplaceAll(setting, "ADDRESS", address))
	}
	_, err := runGranary(t, dir, env, "import", "--disk", "disk", list)
	if err != nil {
		t.Fatal(err)
	}
	out, err := runGranary(t, dir, env, "fetch", "--disk", "disk", "--json", "--retries", "0")
	if (err == nil) != (p.reason == "") {
		t.Errorf("got %v, want %q", err, p.reason)
	}
	p.compare(t, web, out)
}

// url is the web server's at an address that is not taken for loopback's, which no
// proxy is asked for.
func (p proxyRun) url(web *badweb.Server) string {
	url := web.URL
	if p.secure {
		url = web.SecureURL
	}
	scheme, address, _ := strings.Cut(url, "://")
	_, port, _ := net.SplitHostPort(address)
	if p.port != "" {
		port = p.port
	}
	return scheme + "://0.0.0.0:" + port + "/f"
}

func (p proxyRun) compare(t *testing.T, web *badweb.Server, out string) {
	var ev fetchEvent
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&ev); err != nil {
		t.Fatal(err)
	}
	var reason, detail string
	if ev.Reason != nil {
		reason, detail = *ev.Reason, *ev.Detail
	}
	if reason != p.reason || !strings.Contains(detail, p.detail) {
		t.Errorf("got %s, %q (%s), want %q (%s)", ev.Event, reason, detail, p.reason, p.detail)
	}
	requests := web.Requests("/f")
	if len(requests) != p.asked {
		t.Fatalf("got %d requests, want %d", len(requests), p.asked)
	}
	if p.asked > 0 && !p.secure {
		if direct := requests[0].Header.Get("Via") == ""; direct != p.direct {
			t.Errorf("got direct %v, want %v", direct, p.direct)
		}
	}
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// runGranary runs the granary that scripts run, and returns what it prints.
func runGranary(t *testing.T, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(t.Context(), "granary", args...)
	cmd.Dir, cmd.Env = dir, env
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	t.Logf("granary %s: %v\n%s", args[0], err, said.String())
	return string(out), err
}

// startTinyproxy starts a proxy, which ends with the test, and returns its address.
func startTinyproxy(t *testing.T, config []string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	lines := append([]string{
		"Listen " + host, "Port " + port, "Allow 127.0.0.1", "Timeout 60", "LogLevel Info",
	}, config...)
	file := filepath.Join(t.TempDir(), "tinyproxy.conf")
	write(t, file, []byte(strings.Join(lines, "\n")+"\n"))
	cmd := exec.Command("tinyproxy", "-d", "-c", file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("this test needs tinyproxy (scripts/test installs it): %v", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	awaitLine(t, out, "Accepting connections")
	return net.JoinHostPort(host, port)
}

// awaitLine reads until a line holds text, and drops what comes after it.
func awaitLine(t *testing.T, r io.Reader, text string) {
	t.Helper()
	in := bufio.NewScanner(r)
	for in.Scan() {
		if strings.Contains(in.Text(), text) {
			go io.Copy(io.Discard, r)
			return
		}
	}
	t.Fatalf("it ended without %q", text)
}
