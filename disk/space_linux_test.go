package disk

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// df tells the same, but for what others write meanwhile.
func TestFree(t *testing.T) {
	d := openDisk(t)
	out, err := exec.Command("df", "-Pk", d.Dir()).Output()
	check(t, err)
	_, table, _ := strings.Cut(string(out), "\n")
	want, err := strconv.ParseInt(strings.Fields(table)[3], 10, 64)
	check(t, err)
	want *= 1024
	got, err := d.Free()
	check(t, err)
	const slack = 1 << 30
	if got < want-slack || got > want+slack {
		t.Errorf("got %d bytes, df says %d", got, want)
	}
}
