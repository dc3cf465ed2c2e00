package fetch

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/internal/badweb"
)

// BenchmarkSubstituter asks a cache on loopback for many sources: one that has
// none of them, and one that has all.
func BenchmarkSubstituter(b *testing.B) {
	server := badweb.New(b)
	var sources []granary.Source
	for i := range smallFiles {
		content := noise(smallFileSize + i)[i:]
		s := flat(b, content)
		nar := narString("nix-archive-1", "(", "type", "regular", "contents", string(content), ")")
		s.Recipe = ""
		other, err := granary.NewSource(fmt.Sprint("source", i), s.CA)
		if err != nil {
			b.Fatal(err)
		}
		s.Name, s.OutPath = other.Name, other.OutPath
		sources = append(sources, s)
		server.Handle("/has/"+s.OutPath.Digest()+".narinfo", badweb.File(fmt.Appendf(nil,
			"StorePath: %s\nURL: %d\nCompression: zstd\nNarSize: %d\n", s.OutPath, i, len(nar)), ""))
		server.Handle(fmt.Sprintf("/has/%d", i), badweb.File(zstdOf(bytes.NewReader(nar)), "e"))
	}
	for _, cache := range []string{"has", "has not"} {
		b.Run(cache, func(b *testing.B) {
			for b.Loop() {
				d, err := disk.Open(filepath.Join(b.TempDir(), "disk"))
				if err != nil {
					b.Fatal(err)
				}
				f := &Fetcher{Disk: d, Netrc: "/dev/null", Substituters: []string{server.URL + "/" + cache}}
				held := map[hashes.Hash]bool{}
				err = f.Fetch(b.Context(), sources, func(e Event) {
					if e.Kind == Held {
						held[e.Object.Hash] = true
					}
				})
				if err != nil || len(held) > 0 != (cache == "has") {
					b.Fatalf("got %d, %v", len(held), err)
				}
			}
			b.ReportMetric(float64(len(sources)*b.N)/b.Elapsed().Seconds(), "sources/s")
		})
	}
}
