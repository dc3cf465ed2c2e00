package fetch

import "granary"

// repository returns the candidate that checks s out of the repository at url.
func (r *run) repository(_ *granary.Source, url string) candidate {
	return candidate{url: url, failure: &failure{reason: ReasonNeedsBuilder}}
}
