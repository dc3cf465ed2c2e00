package fetch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"granary/disk"
)

// A note is kept beside a partial file.
type note struct {
	URL string `json:"url"` // that the bytes came from
	// Validator is the ETag or Last-Modified that the bytes had, or "".
	Validator string `json:"validator,omitempty"`
}

func newNote(url string, h http.Header) string {
	n := note{URL: url, Validator: h.Get("ETag")}
	if n.Validator == "" || strings.HasPrefix(n.Validator, "W/") { // RFC 9110, 13.1.5
		n.Validator = h.Get("Last-Modified")
	}
	data, _ := json.Marshal(n) // never fails for strings
	return string(data)
}

// askForRest asks for what follows the bytes in t. If they came from the same
// URL, then only as long as that has not changed. Bytes of another URL are
// continued as well: all candidates promise the same, and the hash decides.
func askForRest(h http.Header, url string, t *disk.Temp) {
	if t.Size() == 0 {
		return
	}
	h.Set("Range", fmt.Sprintf("bytes=%d-", t.Size()))
	var n note
	if json.Unmarshal([]byte(t.Note()), &n) == nil && n.URL == url && n.Validator != "" {
		h.Set("If-Range", n.Validator)
	}
}

// cameFrom tells whether the bytes in t, if there are any, are known to be of url.
func cameFrom(t *disk.Temp, url string) bool {
	var n note
	return t.Size() == 0 || json.Unmarshal([]byte(t.Note()), &n) == nil && n.URL == url
}

// startsAt tells whether the body of a 206 begins at offset.
func startsAt(h http.Header, offset int64) bool {
	return strings.HasPrefix(h.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset))
}
