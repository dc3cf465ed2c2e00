package eval

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkParseDerivation parses the .drv files in $GRANARY_DRV_DIR, a
// folder such as a scratch store's, else the few in testdata.
func BenchmarkParseDerivation(b *testing.B) {
	benchmarkDerivations(b, func(_ string, drv storedDerivation) string { return drv.text })
}

// BenchmarkReadDerivations reads them from their files, too.
func BenchmarkReadDerivations(b *testing.B) {
	benchmarkDerivations(b, func(dir string, drv storedDerivation) string {
		text, err := os.ReadFile(filepath.Join(dir, drv.path.Base()))
		if err != nil {
			b.Fatal(err)
		}
		return string(text)
	})
}

func benchmarkDerivations(b *testing.B, text func(string, storedDerivation) string) {
	dir := os.Getenv("GRANARY_DRV_DIR")
	if dir == "" {
		dir = "testdata/drv"
	}
	drvs := storedDerivations(b, dir)
	bytes := 0
	for _, drv := range drvs {
		bytes += len(drv.text)
	}
	b.SetBytes(int64(bytes / len(drvs)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		drv := drvs[i%len(drvs)]
		if _, err := ParseDerivation(drv.path, text(dir, drv)); err != nil {
			b.Fatal(err)
		}
	}
}
