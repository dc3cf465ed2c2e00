package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWebServers(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	const latency = 20 * time.Millisecond
	tests := []struct {
		name    string
		start   func() (*webServer, error)
		atLeast time.Duration
	}{
		{"nginx", func() (*webServer, error) { return startNginx(t.Context(), dir, root) }, 0},
		{"slow", func() (*webServer, error) { return startSlow(root, latency), nil }, latency},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := test.start()
			if err != nil {
				t.Fatal(err)
			}
			defer s.stop()
			begin := time.Now()
			resp, err := http.Get(s.base + "a")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if string(got) != "text" || err != nil {
				t.Errorf("got %q, %v, want text", got, err)
			}
			if took := time.Since(begin); took < test.atLeast {
				t.Errorf("took %s, want at least %s", took, test.atLeast)
			}
		})
	}
}
