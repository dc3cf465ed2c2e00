package fetch

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
)

const (
	badCache  = "http://bad.invalid/"
	goodCache = "http://good.invalid/sub/"
)

// In the NARs there is one file, which is flat's contents and tree's root.
var (
	narBytes  = narString("nix-archive-1", "(", "type", "regular", "contents", string(body), ")")
	dirBytes  = narString("nix-archive-1", "(", "type", "directory", ")")
	linkBytes = narString("nix-archive-1", "(", "type", "symlink", "target", "x", ")")
	narZstd   = zstdOf(bytes.NewReader(narBytes))
	// bomb is a NAR of 128 MiB of zeros, and some KiB.
	bomb = zstdOf(io.MultiReader(bytes.NewReader(narString("nix-archive-1", "(", "type", "regular",
		"contents")), bytes.NewReader(binary.LittleEndian.AppendUint64(nil, 1<<27)),
		io.LimitReader(zeroReader{}, 1<<27), bytes.NewReader(narString(")"))))
)

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// narString writes strings as a NAR has them.
func narString(list ...string) (out []byte) {
	for _, s := range list {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(s)))
		out = append(out, s...)
		out = append(out, make([]byte, (8-len(s)%8)%8)...)
	}
	return out
}

func zstdOf(r io.Reader) []byte {
	var buf bytes.Buffer
	w, err := zstd.NewWriter(&buf)
	if err == nil {
		_, err = io.Copy(w, r)
	}
	if err = cmp.Or(err, w.Close()); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// endless sends data for ever.
func endless(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for err := error(nil); err == nil; {
			_, err = w.Write(data)
		}
	}
}

// A cacheFault is one of a substituter.
type cacheFault struct {
	name    string
	narinfo string // what replaces the good one, or lines that are added to it
	info    script // what answers instead, nil: the narinfo
	nar     script // at nar/x of the cache; nil: the good NAR
	want    Reason // of the last attempt; "" if the source is held
	asked   [2]int // requests for the narinfo and for nar/x
	tmp     []string
	flat    bool  // a fault for flat sources only
	maxSize int64 // as Fetcher.MaxSize
}

func noNAR(n int) [2]int { return [2]int{n, 0} }

var cacheFaults = []cacheFault{
	{name: "good", asked: [2]int{1, 1}},
	{name: "not compressed", narinfo: "Compression: none",
		nar: script{badweb.File(narBytes, "e")}, asked: [2]int{1, 1}},
	{name: "size far too large", narinfo: "NarSize: 9223372036854775807", maxSize: 0,
		want: "too large", asked: noNAR(1)},
	{name: "busy", info: script{badweb.Status(503), nil}, asked: [2]int{2, 1}},
	{name: "cut once", nar: script{badweb.Cut(narZstd, "e", 1000), badweb.File(narZstd, "e")},
		asked: [2]int{1, 2}},
	{name: "redirect", nar: script{badweb.Redirect("/nar/x?2"), badweb.File(narZstd, "e")},
		asked: [2]int{1, 2}},
	{name: "gzip on the way", nar: script{badweb.Gzip(narZstd, true)}, asked: [2]int{1, 1}},

	{name: "miss", info: script{badweb.Status(404)}, want: "not found", asked: noNAR(1)},
	{name: "miss in S3", info: script{badweb.Status(403)}, want: "not found", asked: noNAR(1)},
	{name: "gone", info: script{badweb.Status(410)}, want: "not found", asked: noNAR(1)},
	{name: "unauthorized", info: script{badweb.Status(401)}, want: "unauthorized", asked: noNAR(1)},
	{name: "broken", info: script{badweb.Status(500)}, want: "server error", asked: noNAR(4)},
	{name: "login page", info: script{badweb.HTML()}, want: "html instead of an archive",
		asked: noNAR(1)},
	{name: "empty", info: script{badweb.Body(nil)}, want: "bad narinfo", asked: noNAR(1)},
	{name: "half a narinfo", info: script{badweb.Body([]byte(goodNARInfo[:60]))},
		want: "bad narinfo", asked: noNAR(1)},
	{name: "narinfo breaks off", info: script{badweb.Length([]byte(goodNARInfo), 1000)},
		want: "truncated", asked: noNAR(4)},
	{name: "narinfo stalls", info: script{badweb.Stall([]byte(goodNARInfo), "", 10)},
		want: "timeout", asked: noNAR(4)},
	{name: "narinfo trickles", info: script{badweb.Trickle([]byte(goodNARInfo), 1, 29*time.Second)},
		want: "timeout", asked: noNAR(4)},
	{name: "endless narinfo", info: script{endless([]byte("Sig: x:abcdefgh\n"))},
		want: "too large", asked: noNAR(1)},
	{name: "redirects", info: script{badweb.Redirect("/nar/r")}, want: "redirect", asked: noNAR(1)},
	{name: "another path", narinfo: goodNARInfo, want: "bad narinfo", asked: noNAR(1)},
	{name: "compression", narinfo: "Compression: br", want: "unsupported archive", asked: noNAR(1)},
	{name: "size is text", narinfo: "NarSize: big", want: "bad narinfo", asked: noNAR(1)},
	{name: "up", narinfo: "URL: ../nar/x", want: "bad URL", asked: noNAR(1)},
	{name: "up in disguise", narinfo: "URL: a/%2e%2E/nar/x", want: "bad URL", asked: noNAR(1)},
	{name: "another host", narinfo: "URL: //refused.invalid/x", want: "bad URL", asked: noNAR(1)},
	{name: "absolute", narinfo: "URL: http://refused.invalid/x", want: "refused", asked: noNAR(1)},
	{name: "file", narinfo: "URL: file:///etc/passwd", want: "unsupported scheme", asked: noNAR(1)},
	{name: "gopher", narinfo: "URL: gopher://x/y", want: "unsupported scheme", asked: noNAR(1)},
	{name: "no URL", narinfo: "URL: %zz", want: "bad URL", asked: noNAR(1)},
	{name: "root", narinfo: "URL: /etc/passwd", want: "not found", asked: noNAR(1)},
	{name: "too large", narinfo: "FileSize: 9001", maxSize: 9000, want: "too large", asked: noNAR(1)},

	{name: "no NAR", nar: script{badweb.Status(404)}, want: "not found", asked: [2]int{1, 1}},
	{name: "page for a NAR", nar: script{badweb.HTML()}, want: "html instead of an archive",
		asked: [2]int{1, 1}},
	{name: "cut always", nar: script{badweb.Cut(narZstd, "e", 100)}, want: "truncated",
		asked: [2]int{1, 4}, tmp: partial},
	{name: "stalls", nar: script{badweb.Stall(narZstd, "e", 100)}, want: "timeout",
		asked: [2]int{1, 4}, tmp: partial},
	{name: "half a NAR", nar: script{badweb.File(narZstd[:1000], "e")}, want: "truncated",
		asked: [2]int{1, 1}},
	{name: "no bytes", nar: script{badweb.Body(nil)}, want: "truncated", flat: true,
		asked: [2]int{1, 1}},
	{name: "other bytes", nar: script{badweb.Body(zstdOf(bytes.NewReader(narString("nix-archive-1",
		"(", "type", "regular", "contents", string(other), ")"))))},
		want: "wrong hash", asked: [2]int{1, 1}},
	{name: "junk", nar: script{badweb.File(other, "e")}, want: "bad archive", flat: true,
		asked: [2]int{1, 1}},
	{name: "directory", nar: script{badweb.File(dirBytes, "e")}, want: "bad archive", flat: true,
		asked: [2]int{1, 1}},
	{name: "link", nar: script{badweb.File(linkBytes, "e")}, want: "bad archive", flat: true,
		asked: [2]int{1, 1}},
	{name: "larger than said", nar: script{badweb.File(bomb, "e")}, want: "bad narinfo",
		asked: [2]int{1, 1}},
	{name: "bomb", nar: script{badweb.File(bomb, "e")}, narinfo: "NarSize: 134217848",
		want: "wrong hash", asked: [2]int{1, 1}},
	{name: "bomb and limit", nar: script{badweb.File(bomb, "e")}, narinfo: "NarSize: 0",
		maxSize: 50 << 20, want: "too large", asked: [2]int{1, 1}},
	{name: "endless", nar: script{endless(narBytes)}, maxSize: 5 << 20, want: "too large",
		asked: [2]int{1, 1}},
}

// cacheSource returns a source that has no candidate but substituters.
func cacheSource(t *testing.T, file bool, name string) granary.Source {
	t.Helper()
	s := newSource(t, granary.RecipeNAR, hashes.Sum(hashes.SHA256, narBytes))
	if file {
		s = flat(t, body)
	}
	s = named(t, s, name)
	s.Recipe = ""
	return s
}

// describe returns a narinfo of s. extra replaces it, or adds to it.
func describe(s granary.Source, extra string) []byte {
	if strings.HasPrefix(extra, "StorePath: ") {
		return []byte(extra)
	}
	return fmt.Appendf(nil, "StorePath: %s\nURL: nar/x\nCompression: zstd\nNarSize: %d\n%s",
		s.OutPath, len(narBytes), extra)
}

func (f cacheFault) serve(b *rig, s granary.Source) {
	info := badweb.File(describe(s, f.narinfo), "")
	replies := script{info}
	if f.info != nil {
		replies = slices.Clone(f.info)
	}
	for i := range replies {
		if replies[i] == nil {
			replies[i] = info
		}
	}
	b.Handle("bad.invalid/"+s.OutPath.Digest()+".narinfo", replies...)
	b.Handle("bad.invalid/nar/r", badweb.Redirect("/nar/r"))
	if f.nar == nil {
		f.nar = script{badweb.File(narZstd, "e")}
	}
	b.Handle("bad.invalid/nar/x", f.nar...)
	b.Handle("good.invalid/sub/"+s.OutPath.Digest()+".narinfo", badweb.File(describe(s, ""), ""))
	b.Handle("good.invalid/sub/nar/x", badweb.File(narZstd, "e"))
}

// A substituter with a fault gives a reason, never a wrong object, and the
// next one is asked.
func TestSubstituterFaults(t *testing.T) {
	for _, fault := range cacheFaults {
		for kind, file := range map[string]bool{"file": true, "tree": false} {
			if fault.flat && !file {
				continue
			}
			t.Run(fault.name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { fault.run(t, file) })
			})
		}
	}
}

func (f cacheFault) run(t *testing.T, file bool) {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.MaxSize = f.maxSize
	b.fetcher.Substituters = []string{badCache}
	s := cacheSource(t, file, "source")
	f.serve(b, s)
	if err := b.fetch(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	last, _ := b.last(t)
	reason := last.Attempts[len(last.Attempts)-1].Reason
	if reason != f.want || (last.Kind == Held) != (f.want == "") {
		t.Errorf("got %s, %v, want %q", last.Kind, last.Attempts, f.want)
	}
	telling := f.want
	if telling == ReasonNotFound { // says less than what the source is
		telling = ReasonNeedsBuilder
	}
	if last.Reason != telling {
		t.Errorf("got %q as most telling, want %q", last.Reason, telling)
	}
	asked := [2]int{len(b.Requests("bad.invalid/" + s.OutPath.Digest() + ".narinfo")),
		len(b.Requests("bad.invalid/nar/x"))}
	if asked != f.asked {
		t.Errorf("got %d requests, want %d", asked, f.asked)
	}
	if got := b.tmp(t); !slices.Equal(got, f.tmp) {
		t.Errorf("got %q in tmp, want %q", got, f.tmp)
	}
	if f.want != "" && len(b.objects(t)) != 0 {
		t.Errorf("got objects %v", b.objects(t))
	}
	f.serve(b, s)
	b.fetcher.Substituters = []string{badCache, goodCache}
	if err := b.fetch(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	b.checkSubstituted(t, s)
}

// checkSubstituted wants s to be held, and all that is on the disk.
func (b *rig) checkSubstituted(t *testing.T, s granary.Source) {
	t.Helper()
	want, recipe := hashes.Sum(hashes.SHA256, narZstd), granary.RecipeNAR
	if s.CA.Mode == hashes.Flat {
		want, recipe = s.CA.Hash, granary.RecipeFlat
	}
	last, _ := b.last(t)
	if last.Kind != Held || last.Recipe != recipe {
		t.Errorf("got %s by %q, %v, want it held by %s", last.Kind, last.Recipe, last.Attempts, recipe)
	}
	if last.Object.Hash != want {
		t.Logf("the object is %s", last.Object.Hash) // compressed otherwise
	}
	if got := b.objects(t); len(got) != 1 || got[0] != last.Object.Hash {
		t.Errorf("got objects %v, want %v", got, last.Object)
	}
	if got := b.tmp(t); got != nil {
		t.Errorf("got %q in tmp", got)
	}
}

// A partial NAR is continued by the same URL, and by nothing else.
func TestSubstituterResumes(t *testing.T) {
	for _, file := range []bool{true, false} {
		s := cacheSource(t, file, "source")
		narURL := goodCache + "nar/x"
		tests := []struct {
			name, key string
			prior     prior
			wantRange string
		}{
			{"same URL", narKey(&s), prior{newNote(narURL, http.Header{"Etag": {`"e"`}}),
				string(narZstd[:1000])}, "bytes=1000-"},
			{"all there", narKey(&s), prior{newNote(narURL, http.Header{"Etag": {`"e"`}}),
				string(narZstd)}, fmt.Sprintf("bytes=%d-", len(narZstd))},
			{"another URL", narKey(&s), prior{newNote(badCache, nil), string(narZstd[:1000])}, ""},
			{"no note", narKey(&s), prior{"", string(narZstd[:1000])}, ""},
			{"of a URL", tempKey(&s), prior{newNote(narURL, nil), half}, ""},
		}
		for _, test := range tests {
			t.Run(fmt.Sprintf("%s/%t", test.name, file), func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				b.fetcher.Substituters = []string{goodCache + "?priority=3"}
				cacheFault{}.serve(b, s)
				b.leave(t, test.key, test.prior)
				if err := b.fetch(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				b.checkSubstituted(t, s)
				requests := b.Requests("good.invalid/sub/nar/x")
				if got := requests[0].Header.Get("Range"); got != test.wantRange || len(requests) != 1 {
					t.Errorf("got range %q, want %q", got, test.wantRange)
				}
			})
		}
	}
}

// leave leaves a partial file in tmp/.
func (b *rig) leave(t *testing.T, key string, p prior) {
	t.Helper()
	temp, err := b.fetcher.Disk.CreateTemp(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	temp.SetNote(p.note)
	temp.Write([]byte(p.content))
	if err := temp.Close(); err != nil {
		t.Fatal(err)
	}
}

// What a source fails for: what its URLs said, unless a substituter had the
// source and something was wrong with it.
func TestMostTellingOfSubstituters(t *testing.T) {
	miss := Attempt{Reason: ReasonNotFound, URL: "cache"}
	denied := Attempt{Reason: ReasonForbidden, URL: "cache"}
	down := Attempt{Reason: ReasonDNS, URL: "cache"}
	wrong := Attempt{Reason: ReasonWrongHash, URL: "cache"}
	c := &substituter{base: goodCache}
	for _, a := range []*Attempt{&miss, &denied, &down, &wrong} {
		c.rank(a)
	}
	tests := []struct {
		name   string
		origin Reason
		cache  []Attempt
		want   Reason
	}{
		{"builder, miss", ReasonNeedsBuilder, []Attempt{miss, denied}, ReasonNeedsBuilder},
		{"no URL, miss", ReasonNoURL, []Attempt{miss}, ReasonNoURL},
		{"ftp, miss", ReasonUnsupportedScheme, []Attempt{miss}, ReasonUnsupportedScheme},
		{"builder, down", ReasonNeedsBuilder, []Attempt{miss, down}, ReasonDNS},
		{"404, down", ReasonNotFound, []Attempt{down}, ReasonNotFound},
		{"timeout, down", ReasonTimeout, []Attempt{down, miss}, ReasonTimeout},
		{"404, wrong", ReasonNotFound, []Attempt{wrong}, ReasonWrongHash},
		{"builder, wrong", ReasonNeedsBuilder, []Attempt{down, wrong}, ReasonWrongHash},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			origin := Attempt{Reason: test.origin}
			for _, all := range [][]Attempt{
				append([]Attempt{origin}, test.cache...), append(slices.Clone(test.cache), origin),
			} {
				if got := mostTelling(all); got.Reason != test.want {
					t.Errorf("got %q of %v, want %q", got.Reason, all, test.want)
				}
			}
		})
	}
}
