package fetch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	buildLines   = 10  // of a log that are kept
	buildLineLen = 300 // bytes of each
)

// A buildLog is what Nix says while it builds, in the format internal-json:
// JSONLogger in src/libutil/logging.cc. It is an io.Writer.
type buildLog struct {
	begin time.Time
	// built is told, if it has room, when one more derivation was built.
	built chan struct{}

	mu     sync.Mutex
	line   []byte               // not complete
	active map[uint64]string    // builds under way, by the number of the activity
	done   float64              // builds that went well
	builds map[string]*oneBuild // by derivation
	errors []string             // of Nix, about no derivation alone
}

// oneBuild is what is known of the build of one derivation.
type oneBuild struct {
	begin, end time.Time // zero: it was not, or not yet
	tail       []string  // the last lines of the log
	message    string    // Nix's, if it failed
	dependency bool      // of it has failed, and it was not even begun
}

func newBuildLog() *buildLog {
	return &buildLog{
		begin: time.Now(), built: make(chan struct{}, 1),
		active: map[uint64]string{}, builds: map[string]*oneBuild{},
	}
}

// Write never fails.
func (l *buildLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = append(l.line, p...)
	for {
		line, rest, ok := bytes.Cut(l.line, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		l.take(line)
		l.line = rest
	}
}

// Numbers of src/libutil/logging.hh.
const (
	activityBuilds = 104 // all of them
	activityBuild  = 105
	resultLogLine  = 101
	resultProgress = 105
	levelError     = 0
)

// allBuilds stands for the activity that counts builds.
const allBuilds = "*"

// take takes one line.
func (l *buildLog) take(line []byte) {
	text, ok := bytes.CutPrefix(line, []byte("@nix "))
	if !ok { // from before Nix reads its options
		l.fail(string(line))
		return
	}
	var event struct {
		Action string
		ID     uint64
		Type   int
		Level  int
		Fields []any
		Msg    string
	}
	if json.Unmarshal(text, &event) != nil {
		return
	}
	var field any
	if len(event.Fields) > 0 {
		field = event.Fields[0]
	}
	switch event.Action {
	case "start":
		l.start(event.ID, event.Type, field)
	case "result":
		l.result(event.ID, event.Type, field)
	case "stop":
		// Nix may say so long after: what the build gave is known by then.
		delete(l.active, event.ID)
	case "msg":
		if event.Level == levelError {
			l.fail(event.Msg)
		}
	}
}

func (l *buildLog) start(id uint64, activity int, field any) {
	drv, _ := field.(string)
	switch activity {
	case activityBuilds:
		l.active[id] = allBuilds
	case activityBuild:
		l.active[id] = drv
		l.of(drv).begin = time.Now()
	}
}

func (l *buildLog) result(id uint64, result int, field any) {
	switch drv := l.active[id]; {
	case drv == allBuilds && result == resultProgress:
		done, _ := field.(float64)
		if done <= l.done {
			return
		}
		l.done = done
		select {
		case l.built <- struct{}{}:
		default:
		}
	case drv != "" && drv != allBuilds && result == resultLogLine:
		line, _ := field.(string)
		l.of(drv).add(line)
	}
}

func (l *buildLog) of(drv string) *oneBuild {
	b := l.builds[drv]
	if b == nil {
		b = new(oneBuild)
		l.builds[drv] = b
	}
	return b
}

func (b *oneBuild) add(line string) {
	line = strings.TrimRight(plain(line), " \r")
	b.tail = append(b.tail, line[:min(len(line), buildLineLen)])
	b.tail = b.tail[max(0, len(b.tail)-buildLines):]
}

var (
	escapes    = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")
	aboutDrv   = regexp.MustCompile(`'(/nix/store/[^']*\.drv)'`)
	dependency = regexp.MustCompile(`\bdependenc(y|ies)\b.* failed`)
	lastLines  = regexp.MustCompile(`(?s)[;.]?\s+[Ll]ast \d+ log lines:.*`)
	buildOf    = regexp.MustCompile(`(?s)^(some errors? |build of '.*' failed)`)
)

// plain removes what is for terminals only.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, escapes.ReplaceAllString(text, ""))
}

// fail takes an error that Nix prints.
func (l *buildLog) fail(text string) {
	text = strings.TrimPrefix(strings.TrimSpace(plain(text)), "error: ")
	found := aboutDrv.FindStringSubmatch(text)
	switch {
	case text == "" || strings.HasPrefix(text, "warning:") || buildOf.MatchString(text):
	case found == nil:
		l.errors = append(l.errors, text)
		l.errors = l.errors[max(0, len(l.errors)-buildLines):]
	default:
		b := l.of(found[1])
		b.message, b.dependency, b.end = text, dependency.MatchString(text), time.Now()
	}
}

// failure says why drv was not built. closure returns the derivations that drv
// needs, inputs first; it is asked when one of these is to blame.
func (l *buildLog) failure(drv string, closure func() (string, error)) (*failure, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.builds[drv]; b != nil && !b.dependency {
		return b.failure(), nil
	}
	paths, err := closure()
	if err != nil {
		return nil, err
	}
	for path := range strings.FieldsSeq(paths) {
		if b := l.builds[path]; b != nil && b.message != "" && !b.dependency {
			f := b.failure()
			return &failure{
				reason: ReasonBuildFailed, detail: fmt.Sprintf("it needs %s: %s", path, f.detail),
			}, nil
		}
	}
	return &failure{reason: ReasonBuildFailed, detail: strings.Join(l.errors, "\n")}, nil
}

// failure returns Nix's message and the end of the log.
func (b *oneBuild) failure() *failure {
	message, _, _ := strings.Cut(b.message, "\n       Output paths:")
	if len(b.tail) > 0 { // a daemon repeats them
		message = lastLines.ReplaceAllString(message, "")
	}
	message = strings.Join(strings.Fields(message), " ")
	f := &failure{reason: ReasonBuildFailed, detail: message}
	if strings.HasPrefix(message, "hash mismatch") {
		f.reason = ReasonWrongHash
	}
	if len(b.tail) > 0 {
		f.detail += "\n" + strings.Join(b.tail, "\n")
	}
	return f
}

// times returns when the build of drv began, and how long it took; that is 0
// if it was there already.
func (l *buildLog) times(drv string) (time.Time, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.builds[drv]
	switch {
	case b == nil || b.begin.IsZero():
		return l.begin, 0
	case b.end.IsZero():
		return b.begin, time.Since(b.begin)
	}
	return b.begin, b.end.Sub(b.begin)
}
