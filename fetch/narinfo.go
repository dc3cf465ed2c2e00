package fetch

import (
	"fmt"
	"strconv"
	"strings"

	"granary/hashes"
)

// maxNARInfo is the largest narinfo file that is read, in bytes. That of a
// source, which refers to nothing, has less than one KiB.
const maxNARInfo = 1 << 20

// A narinfo is what a binary cache says of a store path, as far as it matters
// here. Nothing of it is believed: the hash of a source is known without it.
type narinfo struct {
	storePath   string
	url         string // of the NAR, relative to the cache
	compression string
	fileSize    int64 // bytes of the NAR as it lies there; 0 if not said
	narSize     int64 // bytes of the NAR decompressed; 0 if not said
	narHash     string
	references  string // names in the store, with spaces between them
}

// parseNARInfo reads lines "Key: value" as Nix's src/libstore/nar-info.cc does,
// but passes over the keys that are not needed.
func parseNARInfo(text string) (narinfo, error) {
	var n narinfo
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		key, value, ok := strings.Cut(line, ":")
		if !ok && line != "" {
			return narinfo{}, fmt.Errorf("no key in the line %.60q", line)
		}
		if err := n.set(key, strings.TrimPrefix(value, " ")); err != nil {
			return narinfo{}, err
		}
	}
	if n.storePath == "" || n.url == "" {
		return narinfo{}, fmt.Errorf("no StorePath or no URL in it")
	}
	if n.compression == "" {
		n.compression = "bzip2" // as Nix has it
	}
	return n, nil
}

func (n *narinfo) set(key, value string) (err error) {
	switch key {
	case "StorePath":
		n.storePath = value
	case "URL":
		n.url = value
	case "Compression":
		n.compression = value
	case "FileSize":
		n.fileSize, err = parseSize(key, value)
	case "NarSize":
		n.narSize, err = parseSize(key, value)
	case "NarHash":
		n.narHash = value
	case "References":
		n.references = value
	}
	return err
}

func parseSize(key, value string) (int64, error) {
	size, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s is %.30q", key, value)
	}
	return int64(size), nil
}

// check says why the NAR that n names is not to be asked for. It returns nil if
// it is.
func (n *narinfo) check(r *run, path hashes.StorePath) *failure {
	if n.storePath != string(path) {
		return &failure{reason: ReasonBadNARInfo, detail: fmt.Sprintf("it is of %.300q", n.storePath)}
	}
	switch n.compression {
	case "none", "xz", "zstd", "bzip2", "gzip", "lzma": // what nar.Decompress knows
	default:
		detail := fmt.Sprintf("a NAR compressed by %.30q", n.compression)
		return &failure{reason: ReasonUnknownArchive, detail: detail}
	}
	if r.maxSize > 0 && n.fileSize > r.maxSize || n.narSize > r.maxNAR() {
		return &failure{reason: ReasonTooLarge, detail: errTooLarge.Error()}
	}
	return nil
}
