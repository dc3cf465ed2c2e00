package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"granary/internal/corpus"
)

var tinyTrial = trial{name: "tiny", sizes: func() []int64 {
	return corpus.Uniform(250_000, 100, 1000)
}}

// fetchTiny measures whether the last of very many files take as long as the first.
func (b *bench) fetchTiny(ctx context.Context) error {
	return b.onCorpus(tinyTrial, func(files *corpus.Corpus, dir string) error {
		server, err := startNginx(ctx, dir, files.Dir)
		if err != nil {
			return err
		}
		defer server.stop()
		r := &race{b.granary, files, dir, server.base}
		if err := r.ready(ctx); err != nil {
			return err
		}
		to, clean, err := b.target("memory")
		if err != nil {
			return err
		}
		defer clean()
		return r.tenths(ctx, to)
	})
}

// tenths fetches all with granary, and prints what each tenth of the files took.
func (r *race) tenths(ctx context.Context, dir string) error {
	disk := os.DirFS(filepath.Join(r.dir, "disk"))
	if err := os.CopyFS(filepath.Join(dir, "disk"), disk); err != nil {
		return err
	}
	cmd := r.command(ctx, dir, contenders[0].steps[0]+" --json")
	m := &milestones{every: len(r.files.Files) / 10}
	m.memory = func() int64 { return statusSize(cmd.Process.Pid, "VmRSS:") }
	cmd.Stdout = m
	begin := time.Now()
	u, err := run(cmd)
	if err != nil {
		return err
	}
	m.print(begin)
	fmt.Printf("in all %.1f s, CPU %.1f s\n", u.wall.Seconds(), u.cpuAll.Seconds())
	if n := len(m.passed); n > 2 {
		verdict("time of the last tenth to the first's", m.took(n-1).Seconds()/m.took(1).Seconds(),
			1.1, "", true)
	}
	verdict("memory of granary", float64(u.memory)/1e6, 150, "MB", true)
	return nil
}

// Milestones is a writer that notes when so many more sources are held, as events in JSON
// tell.
type milestones struct {
	every  int
	memory func() int64 // of the process, in bytes

	line   []byte // not yet complete
	held   int
	passed []milestone // that of the first source, and then one after each so many
}

type milestone struct {
	at     time.Time
	memory int64
}

// Write takes lines, however they are cut.
func (m *milestones) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		m.line = append(m.line, line...)
		if !bytes.HasSuffix(m.line, []byte("\n")) {
			break
		}
		if bytes.HasPrefix(m.line, []byte(`{"event":"held"`)) {
			m.count()
		}
		m.line = m.line[:0]
	}
	return len(p), nil
}

func (m *milestones) count() {
	m.held++
	if m.held == 1 || m.held%m.every == 0 {
		m.passed = append(m.passed, milestone{time.Now(), m.memory()})
	}
}

// took returns how long the i-th part took.
func (m *milestones) took(i int) time.Duration { return m.passed[i].at.Sub(m.passed[i-1].at) }

func (m *milestones) print(begin time.Time) {
	for i, p := range m.passed {
		if i == 0 {
			fmt.Printf("first source held after %.2f s\n", p.at.Sub(begin).Seconds())
			continue
		}
		each := m.took(i) / time.Duration(m.every)
		fmt.Printf("part %2d: %6.1f µs a file, %4.0f MB\n", i, float64(each)/1e3,
			float64(p.memory)/1e6)
	}
}
