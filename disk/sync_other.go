//go:build !linux

package disk

import "errors"

func syncFileSystem(string) error { return errors.ErrUnsupported }
