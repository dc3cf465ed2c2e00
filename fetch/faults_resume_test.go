package fetch

import "granary/internal/badweb"

var resumeFaults = []fault{
	{name: "resumed", prior: prior{noteOf(`"e"`), half}, replies: script{good}, requests: 1},
	{name: "resumed without note", prior: prior{"", half}, replies: script{good}, requests: 1},
	{name: "resumed, bad note", prior: prior{"{", half}, replies: script{good}, requests: 1},
	{name: "resumed from another URL", prior: prior{noteOf(`"d"`), half},
		urls: []string{faultURL + "?2"}, replies: script{good}, requests: 1},
	{name: "Range ignored", prior: prior{noteOf(`"e"`), half},
		replies: script{badweb.Body(body)}, requests: 1},
	{name: "ETag changed", prior: prior{noteOf(`"d"`), "junk"}, replies: script{good},
		requests: 1},
	{name: "junk before the rest", prior: prior{noteOf(`"e"`), "junk"}, replies: script{good},
		requests: 2},
	{name: "other bytes now", prior: prior{noteOf(`"e"`), half},
		replies: script{badweb.File(other, "e")}, want: "wrong hash", requests: 2},
	{name: "416", prior: prior{noteOf(`"e"`), half},
		replies: script{badweb.Status(416), good}, requests: 2},
	{name: "416, all is there", prior: prior{noteOf(`"e"`), string(body)},
		replies: script{good}, requests: 1},
	{name: "416, more than there is", prior: prior{noteOf(`"e"`), string(body) + "x"},
		replies: script{good}, requests: 2},
	{name: "416, as many other bytes", prior: prior{noteOf(`"e"`), string(other)},
		replies: script{good}, requests: 2},
	{name: "another range than asked for", prior: prior{noteOf(`"e"`), half},
		replies: script{badweb.WrongRange(body, 1499), good}, requests: 2},
	{name: "not found now", prior: prior{noteOf(`"e"`), half},
		replies: script{badweb.Status(404)}, want: "not found", requests: 1, tmp: partial},
}
