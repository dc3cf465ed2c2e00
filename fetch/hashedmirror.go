package fetch

type hashedMirror struct{}

func newHashedMirror(r *run, raw string) (*hashedMirror, error) { return &hashedMirror{}, nil }
