package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
)

// askNix measures the yardstick: nix-store --query --requisites over the derivations of
// all attributes, and of one. It gives no more than the union of what they need.
func (b *bench) askNix(ctx context.Context, disks *questionDisks) error {
	if b.tree == "" {
		fmt.Println("nix-store --query: not measured without -tree")
		return nil
	}
	u, err := b.measure(ctx, b.dir, b.granary, "attrs", "--json", "--disk", disks.path("base"))
	if err != nil {
		return err
	}
	var all, hello []string
	for lines := bufio.NewScanner(bytes.NewReader(u.stdout)); lines.Scan(); {
		var a struct{ AttrPath, DrvPath string }
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return err
		}
		if a.DrvPath != "" {
			all = append(all, a.DrvPath)
		}
		if a.AttrPath == "hello" {
			hello = append(hello, a.DrvPath)
		}
	}
	store := disks.path("store")
	if _, err := makeOnce(store, func(dir string) error {
		return b.instantiate(ctx, disks, dir)
	}); err != nil {
		return err
	}
	if err := b.timeRequisites(ctx, store, "of all", all); err != nil {
		return err
	}
	return b.timeRequisites(ctx, store, "of hello", hello)
}

// instantiate writes the derivations of all attributes to a store.
func (b *bench) instantiate(ctx context.Context, disks *questionDisks, store string) error {
	list := filepath.Join(b.dir, "list.json")
	if err := b.writeList(ctx, b.dir, disks.path("base"), list); err != nil {
		return err
	}
	_, err := b.bareEval(ctx, b.dir, store, list, "--read-write-mode")
	return err
}

func (b *bench) timeRequisites(ctx context.Context, store, name string, drvs []string) error {
	a := &answers{question: question{name: "nix-store --query --requisites " + name}}
	for range b.runs {
		u, err := b.requisites(ctx, store, drvs)
		if err != nil {
			return err
		}
		a.usages = append(a.usages, u)
	}
	fmt.Printf("%-46s %s\n", a.name, a.text())
	return nil
}

// requisites runs as few processes as the length of a command line allows.
func (b *bench) requisites(
	ctx context.Context, store string, drvs []string,
) (sum usage, err error) {
	const most = 1_500_000 // bytes
	for len(drvs) > 0 {
		n, size := 0, 0
		for n < len(drvs) && size < most {
			size += len(drvs[n]) + 9 // its end, and a pointer to it
			n++
		}
		args := append([]string{"--store", store, "--query", "--requisites"}, drvs[:n]...)
		u, err := b.measure(ctx, b.dir, "nix-store", args...)
		if err != nil {
			return sum, err
		}
		drvs = drvs[n:]
		sum.wall, sum.cpuAll = sum.wall+u.wall, sum.cpuAll+u.cpuAll
		sum.memory = max(sum.memory, u.memory)
	}
	return sum, nil
}
