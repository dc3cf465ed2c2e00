package fetch

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"granary/hashes"
	"granary/internal/badftp"
	"granary/internal/badweb"
)

const ftpURL = "ftp://ftp.invalid/pub/f"

var ftpTime = time.Date(2018, 5, 1, 12, 30, 59, 0, time.UTC)

// newFTPRig returns a rig whose transport knows one server of FTP, which has a file.
func newFTPRig(t testing.TB, file []byte) (*rig, *badftp.Server) {
	server := badftp.New(t)
	server.File("/pub/f", file, ftpTime)
	b := newRig(t, badweb.InMemory(t))
	f, own := newFTPTransport(server.Dial), new(http.Transport)
	own.RegisterProtocol("ftp", f)
	t.Cleanup(f.closeIdle)
	b.fetcher.Transport = own
	return b, server
}

func ftpNote(modified time.Time) string {
	return newNote(ftpURL, http.Header{"Last-Modified": {modified.Format(http.TimeFormat)}})
}

// An ftpFault is one of a server, or of what an earlier run left behind. The file
// is body.
type ftpFault struct {
	name    string
	url     string // "" means ftpURL
	prior   prior
	verb    string
	replies []badftp.Fault
	want    Reason // "" if the source is held
	sent    int    // RETR commands
	tmp     []string
	waits   time.Duration // at least; 0 also says that there is no retry
}

type ftpScript = []badftp.Fault

var ftpFaults = []ftpFault{
	{"good", "", prior{}, "", nil, "", 1, nil, 0},
	{"from the root", "ftp://ftp.invalid/%2Fpub/f", prior{}, "", nil, "", 1, nil, 0},
	{"from the root, two slashes", "ftp://ftp.invalid//pub/f", prior{}, "", nil, "", 1, nil, 0},
	{"with a type", "ftp://ftp.invalid/pub/f;type=i", prior{}, "", nil, "", 1, nil, 0},
	{"missing file", "ftp://ftp.invalid/pub/g", prior{}, "", nil, "not found", 2, nil, 0},
	{"missing folder", "ftp://ftp.invalid/p/q/f", prior{}, "", nil, "not found", 1, nil, 0},
	{"missing at the top", "ftp://ftp.invalid/g", prior{}, "", nil, "not found", 1, nil, 0},
	{"paths not known", "", prior{}, "RETR", ftpScript{badftp.Say("550 what?"), nil},
		"", 2, nil, 0},
	{"denied", "", prior{}, "RETR", ftpScript{badftp.Say("550 Permission denied.")},
		"forbidden", 2, nil, 0},
	{"a folder", "ftp://ftp.invalid/pub/", prior{}, "", nil, "bad URL", 0, nil, 0},
	{"line break", "ftp://ftp.invalid/pub/f%0d%0aDELE%20f", prior{}, "", nil, "bad URL", 0, nil, 0},
	{"line break in the user", "ftp://a%0aDELE%20f:b@ftp.invalid/pub/f", prior{}, "", nil,
		"bad URL", 0, nil, 0},
	{"zero byte", "ftp://ftp.invalid/pub/f%00", prior{}, "", nil, "bad URL", 0, nil, 0},
	{"ftps", "ftps://ftp.invalid/pub/f", prior{}, "", nil, "unsupported scheme", 0, nil, 0},

	{"login refused", "", prior{}, "PASS", ftpScript{badftp.Say("530 Login incorrect.")},
		"unauthorized", 0, nil, 0},
	{"user refused", "", prior{}, "USER", ftpScript{badftp.Say("530 Only members.")},
		"unauthorized", 0, nil, 0},
	{"account wanted", "", prior{}, "PASS", ftpScript{badftp.Say("332 Account?")},
		"unauthorized", 0, nil, 0},
	{"no password wanted", "", prior{}, "USER", ftpScript{badftp.Say("230 Hello.")}, "", 1, nil, 0},
	{"too many users", "", prior{}, "USER",
		ftpScript{badftp.Leave("530 Sorry, too many users."), nil}, "", 1, nil, time.Second},
	{"too many connections", "", prior{}, badftp.Greeting,
		ftpScript{badftp.Leave("421 Too many connections from you."), nil}, "", 1, nil, time.Second},
	{"too many connections, always", "", prior{}, badftp.Greeting,
		ftpScript{badftp.Leave("421 Too many connections from you.")},
		"server error", 0, nil, 7 * time.Second},
	{"down soon", "", prior{}, badftp.Greeting, ftpScript{badftp.Say("120 In 5 minutes."), nil},
		"", 1, nil, time.Second},
	{"silent greeting", "", prior{}, badftp.Greeting, ftpScript{badftp.Hang(), nil},
		"", 1, nil, 31 * time.Second},
	{"silent login", "", prior{}, "PASS", ftpScript{badftp.Hang(), nil}, "", 1, nil, 31 * time.Second},
	{"silent for a file", "", prior{}, "RETR", ftpScript{badftp.Hang(), nil},
		"", 2, nil, 31 * time.Second},
	{"silent always", "", prior{}, badftp.Greeting, ftpScript{badftp.Hang()},
		"timeout", 0, nil, 127 * time.Second},
	{"endless greeting", "", prior{}, badftp.Greeting, ftpScript{badftp.Endless("220-x\r\n"), nil},
		"", 1, nil, time.Second},
	{"endless line", "", prior{}, badftp.Greeting, ftpScript{badftp.Endless("220-")},
		"network error", 0, nil, 7 * time.Second},
	{"garbage", "", prior{}, badftp.Greeting, ftpScript{badftp.Say("HTTP/1.1 400 Bad Request")},
		"network error", 0, nil, 7 * time.Second},
	{"garbage for a file", "", prior{}, "RETR", ftpScript{badftp.Say("\x00\xff\x1b[2J"), nil},
		"", 2, nil, time.Second},
	{"odd reply", "", prior{}, "RETR", ftpScript{badftp.Say("230 Hello again."), nil},
		"", 2, nil, time.Second},
	{"no binary mode", "", prior{}, "TYPE", ftpScript{badftp.Say("504 Text only.")},
		"server error", 0, nil, 0},
	{"farewell in place of a greeting", "", prior{}, badftp.Greeting, ftpScript{badftp.Leave(), nil},
		"", 1, nil, time.Second},
	{"busy", "", prior{}, "RETR", ftpScript{badftp.Say("450 In use."), nil}, "", 2, nil, time.Second},

	{"no EPSV", "", prior{}, "EPSV", ftpScript{badftp.Say("500 What?")}, "", 1, nil, 0},
	{"EPSV without a port", "", prior{}, "EPSV", ftpScript{badftp.Say("229 Fine (|||x|)")},
		"", 1, nil, 0},
	{"EPSV with a port that is closed", "", prior{}, "EPSV", ftpScript{badftp.Say("229 (|||9|)")},
		"", 1, nil, 0},
	{"EPSV with a port that is filtered", "", prior{}, "EPSV", ftpScript{badftp.Say("229 (|||7|)")},
		"", 1, nil, 10 * time.Second},
	{"no data connection", "", prior{}, "RETR",
		ftpScript{badftp.Say("425 Can't open data connection."), nil}, "", 2, nil, time.Second},
	{"data connection cut", "", prior{}, "RETR",
		ftpScript{badftp.Cut(1000, "426 Failure writing network stream."), nil},
		"", 2, nil, time.Second},
	{"data connection always cut", "", prior{}, "RETR", ftpScript{badftp.Cut(100, "426 Sorry.")},
		"reset", 4, partial, 7 * time.Second},
	{"too short", "", prior{}, "RETR", ftpScript{badftp.Cut(100, "226 Done.")},
		"truncated", 4, partial, 7 * time.Second},
	{"server dies", "", prior{}, "RETR", ftpScript{badftp.Cut(1000, ""), nil},
		"", 2, nil, time.Second},
	{"server dies after the data", "", prior{}, "RETR", ftpScript{badftp.Cut(3000, "")},
		"", 1, nil, 0},
	{"silent data", "", prior{}, "RETR", ftpScript{badftp.Stall(1000), nil},
		"", 2, nil, 31 * time.Second},
	{"silent at the end", "", prior{}, "RETR", ftpScript{badftp.Stall(3000)},
		"", 1, nil, 30 * time.Second},

	{"size unknown", "", prior{}, "SIZE", ftpScript{badftp.Say("550 No sizes.")}, "", 1, nil, 0},
	{"size odd", "", prior{}, "SIZE", ftpScript{badftp.Say("213 -1")}, "", 1, nil, 0},
	{"size too small", "", prior{}, "SIZE", ftpScript{badftp.Say("213 7")}, "", 1, nil, 0},
	{"no time", "", prior{}, "MDTM", ftpScript{badftp.Say("500 What?")}, "", 1, nil, 0},

	{"resumed", "", prior{ftpNote(ftpTime), half}, "", nil, "", 1, nil, 0},
	{"resumed without note", "", prior{"", half}, "", nil, "", 1, nil, 0},
	{"resumed, REST refused", "", prior{ftpNote(ftpTime), half}, "REST",
		ftpScript{badftp.Say("502 What?")}, "", 1, nil, 0},
	{"resumed, size unknown", "", prior{ftpNote(ftpTime), half}, "SIZE",
		ftpScript{badftp.Say("500 What?")}, "", 1, nil, 0},
	{"resumed, changed", "", prior{ftpNote(ftpTime.Add(-time.Second)), "junk"}, "", nil,
		"", 1, nil, 0},
	{"resumed, junk", "", prior{ftpNote(ftpTime), "junk"}, "", nil, "", 2, nil, 0},
	{"resumed, all there", "", prior{ftpNote(ftpTime), string(body)}, "", nil, "", 0, nil, 0},
	{"resumed, more than there is", "", prior{ftpNote(ftpTime), string(body) + "x"}, "", nil,
		"", 1, nil, 0},
	{"resumed, missing now", "ftp://ftp.invalid/g", prior{ftpNote(ftpTime), half}, "", nil,
		"not found", 1, partial, 0},
}

func TestFTPFaults(t *testing.T) {
	for _, test := range ftpFaults {
		t.Run(test.name, func(t *testing.T) { synctest.Test(t, test.run) })
	}
}

// retried tells whether the file is asked for again later. Two faults take time within
// a request.
func (f ftpFault) retried() bool {
	return f.waits > 0 && f.name != "silent at the end" &&
		f.name != "EPSV with a port that is filtered"
}

func (f ftpFault) run(t *testing.T) {
	b, server := newFTPRig(t, body)
	server.On(f.verb, f.replies...)
	if f.url == "" {
		f.url = ftpURL
	}
	source := flat(t, body, f.url)
	if f.prior.content != "" {
		b.partial(t, source, f.prior.note, f.prior.content)
	}
	start := time.Now()
	if err := b.fetch(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	waited := time.Since(start)
	last, retries := b.last(t)
	if last.Reason != f.want || (last.Kind == Held) != (f.want == "") {
		t.Errorf("got %s, %q (%s), want %q", last.Kind, last.Reason, last.Detail, f.want)
	}
	var objects []hashes.Hash
	if f.want == "" {
		objects = append(objects, source.CA.Hash)
	}
	if got := b.objects(t); !slices.Equal(got, objects) {
		t.Errorf("got objects %v, want %v", got, objects)
	}
	if got := b.tmp(t); !slices.Equal(got, f.tmp) {
		t.Errorf("got %q in tmp, want %q", got, f.tmp)
	}
	if got := countVerb(server.Commands(), "RETR"); got != f.sent {
		t.Errorf("got %q, want RETR %d times", server.Commands(), f.sent)
	}
	if waited < f.waits || f.retried() != (retries > 0) {
		t.Errorf("waited %s, %d retries, want %s", waited, retries, f.waits)
	}
	checkTold(t, server)
}

func countVerb(commands []string, verb string) (n int) {
	for _, c := range commands {
		if strings.HasPrefix(c, verb+" ") {
			n++
		}
	}
	return n
}

// checkTold checks that a server was told nothing but what downloads need.
func checkTold(t *testing.T, server *badftp.Server) {
	t.Helper()
	known := []string{"USER", "SIZE", "MDTM", "EPSV", "PASV", "REST", "RETR", "CWD"}
	for _, c := range server.Commands() {
		if verb, _, _ := strings.Cut(c, " "); !slices.Contains(known, verb) {
			t.Errorf("the server was told %q", c)
		}
	}
}
