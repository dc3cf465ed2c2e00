package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAnswersAreRight compares what commands say with the obvious references, on made-up
// disks.
func TestAnswersAreRight(t *testing.T) { onModels(t, checkReferences) }

// TestAnswersOnSampleAreRight does so on the sample's disk.
func TestAnswersOnSampleAreRight(t *testing.T) { onSample(t, checkReferences) }

func checkReferences(t *testing.T, m *model, rng *rand.Rand) {
	t.Helper()
	checkBuildable(t, m, rng)
	checkMissing(t, m, rng)
	checkNeeds(t, m, rng)
	checkUsers(t, m, rng)
	checkPlan(t, m, rng)
	checkDiff(t, m, rng)
	checkStatus(t, m, rng)
}

// manySeeds is how many models the references are compared on.
const manySeeds = 30

// onModels runs test on made-up disks: many small ones, and one on which everything is
// more than what queries look up one by one.
func onModels(t *testing.T, test func(t *testing.T, m *model, rng *rand.Rand)) {
	for seed := range uint64(manySeeds + 1) {
		size := modelSize{sources: 40, derivations: 80, attributes: 30}
		if seed == manySeeds {
			size = modelSize{sources: 8000, derivations: 9000, attributes: 500}
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			m := randomModel(t.TempDir(), seed, size)
			m.record(t)
			test(t, m, rand.New(rand.NewPCG(seed, 7)))
		})
	}
}

// A ran is what became of a command: its exit status and what it printed.
type ran struct {
	status         int
	stdout, stderr string
}

// granary runs the program in this process.
func (m *model) granary(t *testing.T, args ...string) ran {
	t.Helper()
	var stdout, stderr strings.Builder
	status := run(t.Context(), slices.Concat([]string{"--disk", m.dir}, args), &stdout, &stderr)
	return ran{status, stdout.String(), stderr.String()}
}

// jsonLines runs a command with --json and reads its lines.
func jsonLines[T any](t *testing.T, m *model, args ...string) (all []T, status int) {
	t.Helper()
	got := m.granary(t, append([]string{"--json"}, args...)...)
	if got.status != 0 && got.status != exitIncomplete {
		t.Fatalf("granary %q: exit status %d: %s", args, got.status, got.stderr)
	}
	for line := range strings.Lines(got.stdout) {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("granary %q: %v: %s", args, err, line)
		}
		all = append(all, v)
	}
	return all, got.status
}

// compare tells how what a command says differs from what it should say.
func compare(t *testing.T, what any, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v (-want +got):\n%s", what, diff)
	}
}

func yesNo(yes bool) int {
	if yes {
		return 0
	}
	return exitIncomplete
}
