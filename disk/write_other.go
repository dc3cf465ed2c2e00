//go:build !unix

package disk

import "os"

func rename(from, to string) error { return os.Rename(from, to) }

func writeFile(name string, data []byte) error { return os.WriteFile(name, data, 0o666) }
