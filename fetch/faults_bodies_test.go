package fetch

import (
	"time"

	"granary/internal/badweb"
)

// slowest is what comes as slowly as is allowed.
var slowest = noise(600_000)

var bodyFaults = []fault{
	{name: "cut once", replies: script{badweb.Cut(body, "e", 1000), good},
		requests: 2, waits: time.Second},
	{name: "cut always", replies: script{badweb.Cut(body, "e", 100)},
		want: "truncated", requests: 4, tmp: partial, waits: 7 * time.Second},
	{name: "cut before the body", replies: script{badweb.Cut(body, "e", 0)},
		want: "truncated", requests: 4, waits: 7 * time.Second},
	{name: "reset once", replies: script{badweb.Reset(body, "e", 1000), good},
		requests: 2, waits: time.Second},
	{name: "reset always", replies: script{badweb.Reset(body, "e", 100)},
		want: "reset", requests: 4, tmp: partial, waits: 7 * time.Second},
	{name: "no answer", replies: script{badweb.Raw("")},
		want: "reset", requests: 4, waits: 7 * time.Second},
	{name: "an answer that is none", replies: script{badweb.Raw("SSH-2.0-OpenSSH_9.2\r\n")},
		want: "malformed answer", requests: 1},
	{name: "chunks end early", replies: script{badweb.ChunkedCut(body, 1000), good},
		requests: 2, waits: time.Second},
	{name: "chunks end early always", replies: script{badweb.ChunkedCut(body, 1000)},
		want: "truncated", requests: 4, tmp: partial, waits: 7 * time.Second},
	{name: "longer than its Content-Length", replies: script{badweb.Length(body, 2000)},
		want: "wrong hash", requests: 1},
	{name: "shorter than its Content-Length",
		replies: script{badweb.Length(body, 4000), badweb.Status(416)},
		want:    "truncated", requests: 3, waits: time.Second},
	{name: "stall in the body", replies: script{badweb.Stall(body, "e", 1000), good},
		requests: 2, waits: 31 * time.Second},
	{name: "stall in the body always", replies: script{badweb.Stall(body, "e", 100)},
		want: "timeout", requests: 4, tmp: partial, waits: 127 * time.Second},
	{name: "stall before the header", replies: script{badweb.Stall(body, "e", -1)},
		want: "timeout", requests: 4, waits: 127 * time.Second},
	{name: "trickle", body: slowest,
		replies:  script{badweb.Trickle(slowest, 30_000, 29*time.Second)},
		requests: 1, takes: 9 * time.Minute},
	{name: "too slow once", replies: script{badweb.Slow(body, "e", 1, time.Second), good},
		requests: 2, waits: slowAfter},
	{name: "too slow always", replies: script{badweb.Slow(body, "e", 1, time.Second)},
		want: "too slow", requests: 4, tmp: partial, waits: 4*slowAfter + 7*time.Second},
}
