//go:build !linux

package eval

import "os/exec"

// Where there is no /proc, workers run without a limit on memory.

func ownGroup(*exec.Cmd) {}

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func residentMemory(int) int64 { return 0 }

const memoryFolder = ""

func memoryFolderFree() int64 { return 0 }

func machineMemory() int64 { return 0 }
