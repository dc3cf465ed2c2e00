package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"granary/internal/corpus"
)

// A contender is a way to have the files of a corpus, their hashes checked.
type contender struct {
	name string
	// steps are commands, run one after another in an empty folder (but for
	// granary's disk, which knows what it wants). LISTS and GRANARY stand for the
	// folder of the lists and the program.
	steps []string
}

var contenders = []contender{
	{"granary", []string{
		"GRANARY fetch --disk disk --jobs 64 --jobs-per-host 64 --no-substituters -q",
	}},
	{"curl", []string{
		"curl --silent --show-error --fail --parallel --parallel-max 64 --config LISTS/curl",
		"sha256sum --quiet --check LISTS/sums",
	}},
	{"aria2c", []string{
		"aria2c --no-conf --quiet -j 64 -x 1 --check-integrity=true --input-file LISTS/aria2",
	}},
	{"wget2", []string{
		"wget2 --no-config --no-local-db --quiet --no-directories --max-threads=64 " +
			"--input-file LISTS/urls",
		"sha256sum --quiet --check LISTS/sums",
	}},
}

// lists are the files that the contenders read, by name.
var lists = map[string]corpus.List{
	"granary": corpus.WantList, "curl": corpus.Curl, "aria2": corpus.Aria2,
	"urls": corpus.URLs, "sums": corpus.Sums,
}

// A race is a corpus on a server, ready to be fetched.
type race struct {
	granary string
	files   *corpus.Corpus
	dir     string // holds the lists, and a disk that wants the corpus
	base    string // of the server
}

// ready writes the lists and the disk. None of it is timed.
func (r *race) ready(ctx context.Context) error {
	for name, list := range lists {
		f, err := os.Create(filepath.Join(r.dir, name))
		if err != nil {
			return err
		}
		defer f.Close()
		if err := r.files.Write(f, r.base, list); err != nil {
			return err
		}
	}
	cmd := r.command(ctx, r.dir, "GRANARY import --disk disk LISTS/granary")
	_, err := run(cmd)
	return err
}

// command returns a command, which runs in dir and finds no settings of the
// user's.
func (r *race) command(ctx context.Context, dir, text string) *exec.Cmd {
	words := strings.Fields(text)
	replace := strings.NewReplacer("LISTS", r.dir, "GRANARY", r.granary)
	for i := range words {
		words[i] = replace.Replace(words[i])
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "LC_ALL=C"}
	return cmd
}

// run has one contender fetch all into a new folder below dir. The usage is of
// all its steps together.
func (r *race) run(ctx context.Context, c contender, dir string) (all usage, err error) {
	dir, err = os.MkdirTemp(dir, c.name+"-")
	if err != nil {
		return all, err
	}
	defer removeAll(dir)
	disk := os.DirFS(filepath.Join(r.dir, "disk"))
	if err := os.CopyFS(filepath.Join(dir, "disk"), disk); err != nil {
		return all, err
	}
	settle(dir)
	for _, step := range c.steps {
		u, err := run(r.command(ctx, dir, step))
		if err != nil {
			return all, err
		}
		all.wall += u.wall
		all.cpuAll += u.cpuAll
		all.memory = max(all.memory, u.memory)
	}
	return all, nil
}
