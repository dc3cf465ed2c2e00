package corpus

import (
	"math"
	"math/rand/v2"
)

// LogNormal returns count sizes in bytes with this median, none above largest, that
// together are nearly total, in a shuffled order that is always the same. The
// mean must be above the median.
func LogNormal(count int, median, total, largest int64) []int64 {
	low, high := 0.0, 8.0
	for range 60 {
		sigma := (low + high) / 2
		if sum(logNormal(count, median, largest, sigma)) < total {
			low = sigma
		} else {
			high = sigma
		}
	}
	sizes := logNormal(count, median, largest, high)
	shuffle(sizes)
	return sizes
}

// logNormal returns quantiles, rather than a sample: no luck is in them.
func logNormal(count int, median, largest int64, sigma float64) []int64 {
	sizes := make([]int64, count)
	for i := range sizes {
		p := (float64(i) + 0.5) / float64(count)
		z := math.Sqrt2 * math.Erfinv(2*p-1)
		size := float64(median) * math.Exp(sigma*z)
		sizes[i] = int64(max(1, min(size, float64(largest))))
	}
	return sizes
}

// Uniform returns count sizes from least to largest, shuffled likewise.
func Uniform(count int, least, largest int64) []int64 {
	sizes := make([]int64, count)
	for i := range sizes {
		sizes[i] = least + int64(i)*(largest-least)/int64(max(1, count-1))
	}
	shuffle(sizes)
	return sizes
}

func sum(sizes []int64) (total int64) {
	for _, size := range sizes {
		total += size
	}
	return total
}

func shuffle(sizes []int64) {
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(sizes), func(i, j int) {
		sizes[i], sizes[j] = sizes[j], sizes[i]
	})
}
