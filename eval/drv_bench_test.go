package eval

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"granary/hashes"
)

// BenchmarkParseDerivation parses the .drv files in $GRANARY_DRV_DIR, a
// folder such as a scratch store's, else one made here.
func BenchmarkParseDerivation(b *testing.B) {
	texts, bytes := drvTexts(b, os.Getenv("GRANARY_DRV_DIR"))
	b.SetBytes(int64(bytes / len(texts)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		t := texts[i%len(texts)]
		if _, err := ParseDerivation(t.path, t.text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadDerivations does the same from the files.
func BenchmarkReadDerivations(b *testing.B) {
	dir := os.Getenv("GRANARY_DRV_DIR")
	texts, bytes := drvTexts(b, dir)
	s := scratch{dir: strings.TrimSuffix(dir, "/nix/store")}
	b.SetBytes(int64(bytes / len(texts)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		path := texts[i%len(texts)].path
		text, err := s.read(string(path))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ParseDerivation(path, text); err != nil {
			b.Fatal(err)
		}
	}
}

type drvText struct {
	path hashes.StorePath
	text string
}

func drvTexts(b *testing.B, dir string) (texts []drvText, bytes int) {
	if dir == "" {
		b.Fatal("no dir")
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.drv"))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		bytes += len(text)
		path := "/nix/store/" + strings.TrimPrefix(name, dir+"/")
		texts = append(texts, drvText{hashes.StorePath(path), string(text)})
	}
	return texts, bytes
}
