package eval

import (
	"os"
	"testing"
)

// BenchmarkParseDerivation parses the .drv files in $GRANARY_DRV_DIR, a
// folder such as a scratch store's, else the few in testdata.
func BenchmarkParseDerivation(b *testing.B) {
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
		if _, err := ParseDerivation(drv.path, drv.text); err != nil {
			b.Fatal(err)
		}
	}
}
