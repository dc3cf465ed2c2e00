//go:build !(linux || darwin || freebsd || dragonfly || windows)

package disk

import "errors"

func freeBytes(string) (int64, error) { return 0, errors.ErrUnsupported }
