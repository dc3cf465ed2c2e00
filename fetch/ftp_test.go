package fetch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"granary/internal/badftp"
	"granary/internal/badweb"
)

// What was there already is not asked for again.
func TestFTPResumesInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, server := newFTPRig(t, body)
		server.On("RETR", badftp.Cut(1000, "426 Sorry."), nil)
		if err := b.fetch(t.Context(), flat(t, body, ftpURL)); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(server.Commands(), "REST 1000") {
			t.Errorf("got %q", server.Commands())
		}
		if got, want := b.fetcher.Progress().Bytes, int64(len(body)); got != want {
			t.Errorf("got %d bytes, want %d", got, want)
		}
	})
}

// A file that changes between two tries is fetched from its beginning.
func TestFTPFileChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, server := newFTPRig(t, other)
		cut := badftp.Cut(1000, "")
		server.On("RETR", func(x *badftp.Session, name string) {
			cut(x, name)
			server.File("/pub/f", body, ftpTime.Add(time.Hour))
		}, nil)
		if err := b.fetch(t.Context(), flat(t, body, ftpURL)); err != nil {
			t.Fatal(err)
		}
		if last, _ := b.last(t); last.Kind != Held {
			t.Errorf("got %+v", last)
		}
		if got := countVerb(server.Commands(), "REST"); got != 0 {
			t.Errorf("got %q", server.Commands())
		}
	})
}

// Wherever a server sends its clients, they stay with it.
func TestFTPForeignAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, server := newFTPRig(t, body)
		server.On("EPSV", badftp.Say("500 What?"))
		server.On("PASV", badftp.Foreign("10,0,0,1"))
		if err := b.fetch(t.Context(), flat(t, body, ftpURL)); err != nil {
			t.Fatal(err)
		}
		if last, _ := b.last(t); last.Kind != Held {
			t.Errorf("got %+v", last)
		}
		for _, address := range server.Dialled() {
			host, _, _ := net.SplitHostPort(address)
			if host != "ftp.invalid" && host != badftp.Address {
				t.Errorf("connected to %s", address)
			}
		}
	})
}

func TestFTPWithoutPassiveMode(t *testing.T) {
	for name, pasv := range map[string]string{
		"closed": "227 Here (10,0,0,1,0,9).", "none": "227 Nowhere", "not known": "500 What?",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, server := newFTPRig(t, body)
				server.On("EPSV", badftp.Say("500 What?"))
				server.On("PASV", badftp.Say(pasv))
				if err := b.fetch(t.Context(), flat(t, body, ftpURL)); err != nil {
					t.Fatal(err)
				}
				want, tries := ReasonReset, 4
				if name == "not known" {
					want, tries = ReasonServerError, 1
				}
				last, _ := b.last(t)
				if last.Reason != want || len(last.Attempts) != tries {
					t.Errorf("got %s (%s), %d attempts", last.Reason, last.Detail, len(last.Attempts))
				}
			})
		})
	}
}

func TestFTPPasswords(t *testing.T) {
	tests := []struct{ name, netrc, url, user, password string }{
		{"none", "", ftpURL, "anonymous", "anonymous@example.com"},
		{"of the URL", "", "ftp://me:my%20word@ftp.invalid/pub/f", "me", "my word"},
		{"of the netrc", "machine ftp.invalid login you password p", ftpURL, "you", "p"},
		{"of another host", "machine x.invalid login you password p", ftpURL,
			"anonymous", "anonymous@example.com"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, server := newFTPRig(t, body)
			if err := os.WriteFile(b.fetcher.Netrc, []byte(test.netrc), 0o600); err != nil {
				t.Fatal(err)
			}
			password := ""
			server.On("PASS", func(x *badftp.Session, arg string) {
				password = arg
				x.Well("PASS", arg)
			})
			if err := b.fetch(t.Context(), flat(t, body, test.url)); err != nil {
				t.Fatal(err)
			}
			if last, _ := b.last(t); last.Kind != Held {
				t.Errorf("got %+v", last)
			}
			user, _ := strings.CutPrefix(server.Commands()[0], "USER ")
			if user != test.user || password != test.password {
				t.Errorf("got %q, %q, want %q, %q", user, password, test.user, test.password)
			}
		})
	}
}

// A redirect may lead to an FTP server, and takes no password along.
func TestRedirectToFTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := badftp.New(t)
		server.File("/pub/f", body, ftpTime)
		b := newRig(t, badweb.InMemory(t))
		b.Handle("/f", badweb.Redirect(ftpURL))
		f := newFTPTransport(server.Dial)
		t.Cleanup(f.closeIdle)
		b.Transport.RegisterProtocol("ftp", f)
		if err := b.fetch(t.Context(), flat(t, body, "http://me:word@badweb.invalid/f")); err != nil {
			t.Fatal(err)
		}
		if last, _ := b.last(t); last.Kind != Held {
			t.Errorf("got %+v", last)
		}
		if got := server.Commands()[0]; got != "USER anonymous" {
			t.Errorf("got %q", got)
		}
	})
}

// ftpGet brings a file, or fails.
func ftpGet(t *testing.T, tr http.RoundTripper, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, body) {
		t.Fatalf("got %d bytes, %v", len(got), err)
	}
}

func TestFTPReuse(t *testing.T) {
	tests := []struct {
		name   string
		pause  time.Duration
		verb   string
		faults ftpScript
		logins int
	}{
		{"at once", 0, "", nil, 1},
		{"too late", 2 * time.Minute, "", nil, 2},
		{"closed by the server", 0, "SIZE", ftpScript{nil, badftp.Leave("421 Timeout."), nil}, 2},
		{"closed without a word", 0, "SIZE", ftpScript{nil, badftp.Leave(), nil}, 2},
		{"no last word", 0, "RETR", ftpScript{badftp.Cut(3000, "426 Sorry."), nil}, 2},
		{"too many last words", 0, "RETR", ftpScript{badftp.Cut(3000, "226 Good\r\n226 Bye."), nil}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := badftp.New(t)
				server.File("/f", body, ftpTime)
				server.On(test.verb, test.faults...)
				f := newFTPTransport(server.Dial)
				t.Cleanup(f.closeIdle)
				ftpGet(t, f, "ftp://ftp.invalid/f")
				time.Sleep(test.pause)
				ftpGet(t, f, "ftp://ftp.invalid/f")
				if got := countVerb(server.Commands(), "USER"); got != test.logins {
					t.Errorf("got %d logins, want %d", got, test.logins)
				}
			})
		})
	}
}

// A file that is missing costs no login, as long as no folder was entered.
func TestFTPReuseAfterRefusal(t *testing.T) {
	for url, logins := range map[string]int{
		"ftp://ftp.invalid/none": 1, "ftp://ftp.invalid/no/f": 1, "ftp://ftp.invalid/pub/none": 2,
	} {
		synctest.Test(t, func(t *testing.T) {
			b, server := newFTPRig(t, body)
			if err := b.fetch(t.Context(), flat(t, body, url, ftpURL)); err != nil {
				t.Fatal(err)
			}
			if last, _ := b.last(t); last.Kind != Held {
				t.Errorf("%s: got %+v", url, last)
			}
			if got := countVerb(server.Commands(), "USER"); got != logins {
				t.Errorf("%s: got %d logins, want %d", url, got, logins)
			}
		})
	}
}

// The end of a request's context ends what waits for the server, at every stage.
func TestFTPCancel(t *testing.T) {
	stages := []struct {
		verb  string
		fault badftp.Fault
	}{
		{badftp.Greeting, badftp.Hang()}, {"USER", badftp.Hang()}, {"SIZE", badftp.Hang()},
		{"EPSV", badftp.Hang()}, {"RETR", badftp.Hang()}, {"RETR", badftp.Stall(100)},
	}
	for _, stage := range stages {
		t.Run(stage.verb, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, server := newFTPRig(t, body)
				server.On(stage.verb, stage.fault)
				cause := errors.New("enough")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(cause) })
				start := time.Now()
				err := b.fetch(ctx, flat(t, body, ftpURL))
				if err != cause || time.Since(start) != time.Second {
					t.Errorf("got %v after %s", err, time.Since(start))
				}
				synctest.Wait()
				if server.Open() != 0 {
					t.Error("a connection is left")
				}
			})
		})
	}
}
