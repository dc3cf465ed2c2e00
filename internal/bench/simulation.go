package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"time"

	"granary/fetch"
	"granary/internal/corpus"
	"granary/internal/simweb"
)

// jobsPerHost is granary's own standard.
const jobsPerHost = 4

// A simulation is a web that has something at the URLs of real sources, and the list
// of what is wanted of it.
type simulation struct {
	web     *simweb.Web
	list    bytes.Buffer // a want-list
	sources int
	without int // sources that have no URL to ask, and are left out
	mirrors fetch.MirrorMap
}

// fetchSimulation fetches sources from the hosts that a real list names, as
// simweb has them.
func (b *bench) fetchSimulation(ctx context.Context) error {
	if b.expect == "" {
		return errors.New("name a list of sources with -expect")
	}
	text, err := exec.CommandContext(ctx, "xz", "-dc", b.expect).Output()
	if err != nil {
		return fmt.Errorf("read %s: %w", b.expect, err)
	}
	all, err := readSources(bytes.NewReader(text))
	if err != nil {
		return err
	}
	s, err := simulate(all)
	if err != nil {
		return err
	}
	fmt.Printf("%d sources, and %d that have no URL\n", s.sources, s.without)
	dir, clean, err := b.target("memory")
	if err != nil {
		return err
	}
	defer clean()
	return s.fetch(ctx, &race{granary: b.granary, dir: dir})
}

// simulate makes up contents for sources, small ones: their hashes cannot be the real
// ones.
func simulate(all map[string]source) (*simulation, error) {
	s := &simulation{
		web:     &simweb.Web{Contents: map[string]simweb.Content{}},
		mirrors: fetch.BuiltinMirrors(),
	}
	sizes := corpus.LogNormal(len(all), 12_000, 20_000*int64(len(all)), 10e6)
	paths := make([]string, 0, len(all))
	for path := range all {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for i, path := range paths {
		content := simweb.Content{Seed: uint64(i), Size: sizes[i]}
		if err := s.add(all[path], content); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// add puts a source on the list, with those of its URLs that have not another one's
// contents.
func (s *simulation) add(src source, content simweb.Content) error {
	var urls []string
	for _, url := range src.urls() {
		url = s.askable(url, src.Rev)
		if keys := s.keys(url); len(keys) > 0 && s.claim(keys, content) {
			urls = append(urls, url)
		}
	}
	if len(urls) == 0 {
		s.without++
		return nil
	}
	s.sources++
	h := sha256.New()
	if _, err := io.CopyN(h, corpus.Bytes(content.Seed), content.Size); err != nil {
		return err
	}
	sri, err := corpus.SRI(fmt.Sprintf("%x", h.Sum(nil)))
	if err != nil {
		return err
	}
	return json.NewEncoder(&s.list).Encode(map[string]any{
		"name": src.Name, "urls": urls, "mode": "flat", "hash": sri,
	})
}

// askable returns a URL of HTTP where it is one of git or svn: the host counts here.
// Sites that granary has no mirrors of have one. A revision is part of the URL, since
// it decides what is there.
func (s *simulation) askable(url, rev string) string {
	if rest, ok := strings.CutPrefix(url, "mirror://"); ok && len(s.mirrors.Expand(url)) == 0 {
		site, file, _ := strings.Cut(rest, "/")
		url = "http://" + site + ".mirror.invalid/" + file
	}
	for _, scheme := range []string{"git://", "svn://"} {
		if rest, ok := strings.CutPrefix(url, scheme); ok {
			url = "http://" + rest
		}
	}
	if rev != "" {
		url += "?rev=" + rev
	}
	return url
}

// keys returns the places that a URL leads to; none if one of them cannot be asked.
func (s *simulation) keys(url string) (keys []string) {
	for _, place := range s.mirrors.Expand(url) {
		key := simweb.Key(place)
		if key == "" {
			return nil
		}
		keys = append(keys, key)
	}
	return keys
}

// claim puts the content there, unless there is another one.
func (s *simulation) claim(keys []string, content simweb.Content) bool {
	for _, key := range keys {
		if other, ok := s.web.Contents[key]; ok && other != content {
			return false
		}
	}
	for _, key := range keys {
		s.web.Contents[key] = content
	}
	return true
}

// fetch has granary take the web for its proxy.
func (s *simulation) fetch(ctx context.Context, r *race) error {
	server := httptest.NewServer(s.web)
	defer server.Close()
	take := r.command(ctx, r.dir, "GRANARY import --disk disk -")
	take.Stdin = &s.list
	if _, err := run(take); err != nil {
		return err
	}
	cmd := r.command(ctx, r.dir, "GRANARY fetch --disk disk --jobs 64 --timeout 5s "+
		"--no-substituters --json -q --rewrite https://=http:// --rewrite ftp://=http://")
	cmd.Env = append(cmd.Env, "http_proxy="+server.URL)
	m := &milestones{every: 1, memory: func() int64 { return 0 }}
	cmd.Stdout = m
	begin := time.Now()
	u, err := run(cmd)
	if err != nil {
		return err
	}
	s.report(m, begin, u)
	return nil
}

func (s *simulation) report(m *milestones, begin time.Time, u usage) {
	fmt.Printf("%.0f s, %.0f sources a second, CPU %.1f s, memory %.0f MB\n", u.wall.Seconds(),
		float64(m.held)/u.wall.Seconds(), u.cpuAll.Seconds(), float64(u.memory)/1e6)
	for _, percent := range []int{50, 90, 99, 100} {
		if n := s.sources * percent / 100; n > 0 && n <= len(m.passed) {
			fmt.Printf("%3d %% held after %.0f s\n", percent, m.passed[n-1].at.Sub(begin).Seconds())
		}
	}
	hosts := s.web.Hosts()
	printHosts(hosts)
	fmt.Printf("no run is shorter than its busiest host's: %.0f s\n", shortest(hosts).Seconds())
	verdict("sources not held", float64(s.sources-m.held), 0, "", true)
}

// shortest returns how long the busiest host alone takes: for what it was asked, by so
// many requests at a time, or as often as it lets itself be asked.
func shortest(hosts map[string]simweb.Stats) (longest time.Duration) {
	for name, h := range hosts {
		longest = max(longest, h.Busy/jobsPerHost)
		if limit := simweb.ProfileOf(name).Limit; limit > 0 {
			least := float64(h.Requests-h.Limited) / limit
			longest = max(longest, time.Duration(least*float64(time.Second)))
		}
	}
	return longest
}

// printHosts prints what all hosts saw, and the busiest.
func printHosts(hosts map[string]simweb.Stats) {
	var sum simweb.Stats
	names := make([]string, 0, len(hosts))
	for name, h := range hosts {
		names = append(names, name)
		sum.Requests += h.Requests
		sum.Limited += h.Limited
		sum.Failed += h.Failed
		sum.Peak = max(sum.Peak, h.Peak)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(hosts[b].Requests-hosts[a].Requests, strings.Compare(a, b))
	})
	fmt.Printf("%-28s %8s %8s %8s %6s  latency, limit\n", "host", "requests", "limited",
		"failed", "peak")
	printHost(fmt.Sprintf("%d hosts", len(hosts)), sum, "")
	for _, name := range names[:min(12, len(names))] {
		p := simweb.ProfileOf(name)
		text := p.Latency.String()
		if p.Limit > 0 {
			text += fmt.Sprintf(", %.0f a second", p.Limit)
		}
		printHost(name, hosts[name], text)
	}
}

func printHost(name string, h simweb.Stats, profile string) {
	fmt.Printf("%-28s %8d %8d %8d %6d  %s\n", name, h.Requests, h.Limited, h.Failed,
		h.Peak, profile)
}
