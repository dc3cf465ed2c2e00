package fetch

import "time"

// A History is what earlier runs saw. It changes the order in which candidates are
// asked, never whether they are.
type History struct {
	URLs  map[string]Past     // by URL, as it was asked
	Hosts map[string]HostPast // by host, with its port if the URL names one, in lower case
}

// Past is what became of the attempts at one URL.
type Past struct {
	Good     time.Time // when it last gave the right bytes; zero: never
	Bad      time.Time // when it last failed; zero: never
	Failures int       // in a row up to now
	Reason   Reason    // of the last failure
}

// HostPast is what became of the latest attempts at a host's URLs.
type HostPast struct {
	Good, Bad int     // attempts
	Rate      float64 // bytes a second of those that brought bytes; 0: not known
}
