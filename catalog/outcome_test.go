package catalog

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"granary"
	"granary/hashes"
)

// harvested imports so many sources, and returns an outcome of each, in the order in
// which servers answer: none.
func harvested(tb testing.TB, c *Catalog, n int) []Outcome {
	tb.Helper()
	wanted := make([]Wanted, n)
	outcomes := make([]Outcome, n)
	for i := range wanted {
		name := fmt.Sprintf("s%06d-1.0.tar.gz", i)
		s := source(name, "https://github.com/somebody/"+name+"/archive/refs/tags/v1.0.tar.gz")
		wanted[i].Source = s
		outcomes[i] = Outcome{
			OutPath: s.OutPath, Object: s.CA.Hash, Recipe: granary.RecipeFlat, Size: int64(i),
			Attempts: []Attempt{{
				URL: s.URLs[0], At: noon, Duration: time.Second, Status: 200, Bytes: int64(i),
			}},
		}
		if i%30 == 0 {
			o := &outcomes[i]
			o.Object, o.Reason, o.Detail = hashes.Hash{}, "not found", "404 Not Found"
			o.Attempts[0].Reason, o.Attempts[0].Detail = o.Reason, o.Detail
		}
	}
	_, err := c.Import(tb.Context(), wanted)
	check(tb, err)
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(n, func(i, j int) { outcomes[i], outcomes[j] = outcomes[j], outcomes[i] })
	return outcomes
}

// BenchmarkRecordOutcomes records what became of 20,000 sources as a harvest does,
// so many at a time.
func BenchmarkRecordOutcomes(b *testing.B) {
	const sources = 20_000
	fresh := filepath.Join(b.TempDir(), "fresh.db")
	c := openCatalog(b, fresh)
	all := harvested(b, c, sources)
	check(b, c.Close())
	text, err := os.ReadFile(fresh)
	check(b, err)
	for _, batch := range []int{256, 4096} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) {
			cpu := time.Duration(0)
			for b.Loop() {
				b.StopTimer()
				path := filepath.Join(b.TempDir(), "granary.db")
				check(b, os.WriteFile(path, text, 0o600))
				c := openCatalog(b, path)
				cpu -= cpuTime()
				b.StartTimer()
				for outcomes := range slices.Chunk(all, batch) {
					check(b, c.RecordOutcomes(b.Context(), outcomes))
				}
				cpu += cpuTime()
			}
			b.ReportMetric(float64(cpu.Microseconds())/float64(b.N)/sources, "cpu-µs/source")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/sources, "µs/source")
		})
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
