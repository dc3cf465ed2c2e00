package fetch

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"
)

// A docRow is a row of the tables in docs/fetching.md, but for its free text.
type docRow struct{ name, reason, retried, stays string }

// TestDocumentedFaults compares the rows of the tables in docs/fetching.md with
// those of the tests.
func TestDocumentedFaults(t *testing.T) {
	text, err := os.ReadFile("../docs/fetching.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []docRow
	for _, f := range faults {
		row := newDocRow(f.name, f.want, f.waits > 0, f.tmp)
		if f.err != nil {
			row.reason, row.stays = "the run ends", "nothing"
		}
		want = append(want, row)
	}
	for _, f := range ftpFaults {
		want = append(want, newDocRow(f.name, f.want, f.retried(), f.tmp))
	}
	got := docRows(string(text))
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("row %d: got %q, want %q", i,
				got[min(i, len(got)):min(i+1, len(got))], want[min(i, len(want)):min(i+1, len(want))])
		}
	}
}

func newDocRow(name string, reason Reason, retried bool, tmp []string) docRow {
	row := docRow{name, cmp.Or(string(reason), "—"), "no", "nothing"}
	if retried {
		row.retried = "yes"
	}
	switch {
	case reason == "":
		row.stays = "the source"
	case slices.Contains(tmp, ".part"):
		row.stays = "the part"
	}
	return row
}

// docRows reads the rows of five cells; the second is free text.
func docRows(text string) (rows []docRow) {
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) == 5 && cells[0] != "fault" && cells[1] != "" {
			rows = append(rows, docRow{cells[0], cells[2], cells[3], cells[4]})
		}
	}
	return rows
}
