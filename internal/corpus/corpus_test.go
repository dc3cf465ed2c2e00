package corpus

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"granary/wantlist"
)

func TestLogNormal(t *testing.T) {
	tests := []struct {
		name                   string
		count                  int
		median, total, largest int64
	}{
		{"small", 20_000, 12_000, 400_000_000, 10_000_000},
		{"nixpkgs", 5_000, 120_000, 3_200_000_000, 100_000_000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sizes := LogNormal(test.count, test.median, test.total, test.largest)
			if got := sum(sizes); !near(got, test.total) {
				t.Errorf("got %d in all, want %d", got, test.total)
			}
			slices.Sort(sizes)
			if got := sizes[test.count/2]; !near(got, test.median) {
				t.Errorf("got median %d, want %d", got, test.median)
			}
			if got := sizes[test.count-1]; got > test.largest {
				t.Errorf("got %d, want at most %d", got, test.largest)
			}
		})
	}
}

func near(got, want int64) bool { return got > want-want/50 && got < want+want/50 }

func TestUniform(t *testing.T) {
	sizes := Uniform(10, 100, 1000)
	if got := []int64{slices.Min(sizes), slices.Max(sizes)}; !slices.Equal(got, []int64{100, 1000}) {
		t.Errorf("got %d, want 100 and 1000", got)
	}
}

func TestMake(t *testing.T) {
	dir := t.TempDir()
	first, err := Make(dir, "tiny", []int64{5, 0, 70_000})
	if err != nil {
		t.Fatal(err)
	}
	if got := first.Total(); got != 70_005 {
		t.Errorf("got %d bytes, want 70005", got)
	}
	kept := filepath.Join(dir, "tiny", "files", "f000002.bin")
	before, err := os.Stat(kept)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Make(dir, "tiny", []int64{5, 0, 70_000})
	if err != nil || !slices.Equal(first.Files, again.Files) {
		t.Errorf("got %v, %v, want %v", again, err, first)
	}
	if after, err := os.Stat(kept); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the file was made again: %v", err)
	}
	if other, err := Make(dir, "tiny", []int64{5}); err != nil || len(other.Files) != 1 {
		t.Errorf("got %v, %v, want one file", other, err)
	}
}

func TestSums(t *testing.T) {
	dir := t.TempDir()
	c, err := Make(dir, "tiny", []int64{5, 0, 70_000})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict")
	cmd.Dir = c.Dir
	var list strings.Builder
	if err := c.Write(&list, "", Sums); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = strings.NewReader(list.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
}

func TestLists(t *testing.T) {
	c := &Corpus{Files: []File{{Name: "a", Size: 1, SHA256: strings.Repeat("0f", 32)}}}
	hash := c.Files[0].SHA256
	tests := []struct {
		name string
		list List
		want string
	}{
		{"aria2", Aria2, "http://h/a\n  out=a\n  checksum=sha-256=" + hash + "\n"},
		{"curl", Curl, "url = \"http://h/a\"\noutput = \"a\"\n"},
		{"urls", URLs, "http://h/a\n"},
		{"sums", Sums, hash + "  a\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got strings.Builder
			if err := c.Write(&got, "http://h/", test.list); err != nil || got.String() != test.want {
				t.Errorf("got %q, %v, want %q", got.String(), err, test.want)
			}
		})
	}
}

func TestWantList(t *testing.T) {
	f := File{Name: "a.bin", Size: 1, SHA256: strings.Repeat("0f", 32)}
	line, err := WantList(&f, "http://h/")
	if err != nil {
		t.Fatal(err)
	}
	entry, err := wantlist.Parse([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if got := entry.CA.Hash.Base16(); got != f.SHA256 || entry.Name != "a.bin" ||
		!slices.Equal(entry.URLs, []string{"http://h/a.bin"}) {
		t.Errorf("got %v", entry)
	}
	if _, err := WantList(&File{Name: "x", SHA256: "zz"}, ""); err == nil {
		t.Error("a wrong hash was taken")
	}
}
