package fetch

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

const (
	maxWords = 16 << 10 // bytes kept of what a program says
	maxLines = 4        // of a detail
	maxLine  = 300      // bytes of each
)

// words is what a program says, from the end.
type words struct {
	mu    sync.Mutex
	text  []byte
	fresh bool
}

// Write is that of io.Writer; it never fails.
func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fresh = true
	w.text = append(w.text, p...)
	if len(w.text) > 2*maxWords {
		w.text = append(w.text[:0], w.text[len(w.text)-maxWords:]...)
	}
	return len(p), nil
}

// news tells whether anything was said since it was asked last.
func (w *words) news() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	fresh := w.fresh
	w.fresh = false
	return fresh
}

// chatter is what says nothing about a failure: progress and advice.
var chatter = regexp.MustCompile(`^hint: |\d+% \(|, done\.$|^From |^ \* |^Cloning into |` +
	`^Submodule .* registered for path |^[AU]?\s*/\S*$|^\(run 'hg|^Initialized `)

// complaint is how a line begins that says why a program failed.
var complaint = regexp.MustCompile(`^(?:fatal|error|abort|remote|ssh|svn): `)

// lines returns what was said without progress.
func (w *words) lines() (kept []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(string(w.text)) {
		line = strings.TrimRight(line, "\r\n")
		line = strings.TrimSpace(line[strings.LastIndexByte(line, '\r')+1:])
		if line != "" && !chatter.MatchString(line) {
			kept = append(kept, line[:min(len(line), maxLine)])
		}
	}
	return kept
}

// summary returns the lines that matter most.
func summary(lines []string) string {
	var bad []string
	for _, line := range lines {
		if complaint.MatchString(line) {
			bad = append(bad, line)
		}
	}
	if bad != nil {
		lines = bad
	}
	return strings.Join(lines[max(0, len(lines)-maxLines):], "; ")
}

// diskFull tells whether the program had no room for what it wrote.
func (w *words) diskFull() bool {
	text := strings.ToLower(strings.Join(w.lines(), "\n"))
	return strings.Contains(text, "no space left on device") ||
		strings.Contains(text, "disk quota exceeded")
}

// failure says why a program failed that said w; otherwise is the reason if
// nothing is known of its words.
func (w *words) failure(otherwise Reason) *failure {
	lines := w.lines()
	f := classifyWords(strings.ToLower(strings.Join(lines, "\n")))
	if f == nil {
		f = &failure{reason: otherwise}
	}
	f.detail = summary(lines)
	return f
}

// quoted are names and URLs, whose words mean nothing.
var quoted = regexp.MustCompile(`(?m)(^|[\s(])(?:'[^'\n]*'|[a-z+]+://[^\s']+)`)

var httpStatus = regexp.MustCompile(
	`(?:returned error: |http error |unexpected http status |server error )([45]\d\d)\b`)

// classifyWords says what the words of git, svn or hg, in lower case, mean; nil
// if that is not known.
func classifyWords(text string) *failure {
	text = quoted.ReplaceAllString(text, "$1''")
	if m := httpStatus.FindStringSubmatch(text); m != nil {
		code, _ := strconv.Atoi(m[1])
		return classifyStatus(&http.Response{StatusCode: code, Request: &http.Request{}})
	}
	for _, s := range sayings {
		if strings.Contains(text, s.words) {
			return &failure{reason: s.reason, again: s.again}
		}
	}
	return nil
}

// sayings are what the programs and the libraries below them say, in lower case;
// the first that is found counts. A word of the cause stands before the words
// that other failures have, too.
var sayings = []struct {
	words  string
	reason Reason
	again  bool
}{
	{"could not resolve", ReasonDNS, false},
	{"name or service not known", ReasonDNS, false},
	{"nodename nor servname", ReasonDNS, false},
	{"no address associated with hostname", ReasonDNS, false},
	{"unknown hostname", ReasonDNS, false},
	{"temporary failure in name resolution", ReasonDNS, true},
	{"unable to look up", ReasonDNS, false},
	{"certificate", ReasonTLS, false},
	{"ssl_", ReasonTLS, false},
	{"ssl:", ReasonTLS, false},
	{"ssl routines", ReasonTLS, false},
	{"gnutls", ReasonTLS, false},
	{"tls connect error", ReasonTLS, false},
	{"ssl handshake", ReasonTLS, false},
	{"ssl communication", ReasonTLS, false},
	{"host key verification failed", ReasonTLS, false},
	{"timed out", ReasonTimeout, true},
	{"timeout", ReasonTimeout, true},
	{"refused", ReasonRefused, false},
	{"couldn't connect to server", ReasonRefused, false},
	{"could not connect to server", ReasonRefused, false},
	{"no route to host", ReasonUnreachable, true},
	{"network is unreachable", ReasonUnreachable, true},
	{"could not read username", ReasonUnauthorized, false},
	{"could not read password", ReasonUnauthorized, false},
	{"authentication failed", ReasonUnauthorized, false},
	{"authorization failed", ReasonUnauthorized, false},
	{"authorization required", ReasonUnauthorized, false},
	{"no more credentials", ReasonUnauthorized, false},
	{"permission denied", ReasonUnauthorized, false},
	{"forbidden", ReasonForbidden, false},
	{"too many requests", ReasonRateLimited, true},
	{"as a command-line option", ReasonBadURL, false},
	{"no url found for submodule", ReasonBadURL, false},
	{"transport '' not allowed", ReasonUnsupportedScheme, false},
	{"unable to find remote helper", ReasonUnsupportedScheme, false},
	{"unknown url type", ReasonUnsupportedScheme, false},
	{"moved permanently", ReasonRedirect, false},
	{"moved temporarily", ReasonRedirect, false},
	{"couldn't find remote ref", ReasonNotFound, false},
	{"not our ref", ReasonNotFound, false},
	{"unadvertised object", ReasonNotFound, false},
	{"unable to find", ReasonNotFound, false},
	{"repository not exported", ReasonNotFound, false},
	{"no such revision", ReasonNotFound, false},
	{"unknown revision", ReasonNotFound, false},
	{"no repository found", ReasonNotFound, false},
	{"not found", ReasonNotFound, false},
	{"doesn't exist", ReasonNotFound, false},
	{"does not exist", ReasonNotFound, false},
	{"does not appear to be", ReasonNotFound, false},
	{"is this a git repository", ReasonNotFound, false},
	{"connection reset", ReasonReset, true},
	{"broken pipe", ReasonReset, true},
	{"empty reply from server", ReasonReset, true},
	{"unexpected disconnect", ReasonReset, true},
	{"connection closed", ReasonReset, true},
	{"closed the connection", ReasonReset, true},
	{"early eof", ReasonTruncated, true},
	{"transfer closed", ReasonTruncated, true},
	{"stream ended unexpectedly", ReasonTruncated, true},
	{"unexpected end of", ReasonTruncated, true},
	{"hung up unexpectedly", ReasonReset, true},
}

// final tells whether another way to ask the same server would fail as well.
func (f *failure) final() bool {
	switch f.reason {
	case ReasonDNS, ReasonRefused, ReasonUnreachable, ReasonTLS, ReasonUnauthorized,
		ReasonForbidden, ReasonTimeout, ReasonRateLimited, ReasonTooLarge, ReasonRedirect,
		ReasonUnsupportedScheme:
		return true
	}
	return noRepository.MatchString(f.detail)
}

var noRepository = regexp.MustCompile(`repository '.*' not found|repository not exported`)
