package corpus

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// A List is a way to write what is wanted of a server whose files lie below
// the URL base, which ends in a slash.
type List func(f *File, base string) (string, error)

// Write writes a line, or some, for each file.
func (c *Corpus) Write(w io.Writer, base string, list List) error {
	out := bufio.NewWriter(w)
	for i := range c.Files {
		text, err := list(&c.Files[i], base)
		if err != nil {
			return err
		}
		out.WriteString(text)
	}
	return out.Flush()
}

// WantList is that of granary import.
func WantList(f *File, base string) (string, error) {
	sri, err := SRI(f.SHA256)
	if err != nil {
		return "", fmt.Errorf("file %s: %w", f.Name, err)
	}
	text, err := json.Marshal(map[string]any{
		"name": f.Name, "urls": []string{base + f.Name}, "mode": "flat", "hash": sri,
	})
	return string(text) + "\n", err
}

// SRI returns a sha256 in base 16 as nixpkgs writes it today.
func SRI(base16 string) (string, error) {
	hash, err := hex.DecodeString(base16)
	return "sha256-" + base64.StdEncoding.EncodeToString(hash), err
}

// Aria2 is that of aria2c --input-file, with the hash to be checked.
func Aria2(f *File, base string) (string, error) {
	return fmt.Sprintf("%s%s\n  out=%s\n  checksum=sha-256=%s\n", base, f.Name, f.Name, f.SHA256), nil
}

// Curl is that of curl --config.
func Curl(f *File, base string) (string, error) {
	return fmt.Sprintf("url = \"%s%s\"\noutput = \"%s\"\n", base, f.Name, f.Name), nil
}

// URLs is that of wget --input-file.
func URLs(f *File, base string) (string, error) { return base + f.Name + "\n", nil }

// Sums is that of sha256sum --check.
func Sums(f *File, _ string) (string, error) { return f.SHA256 + "  " + f.Name + "\n", nil }
