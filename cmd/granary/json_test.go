package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// output returns the JSON objects on stdout, one a line.
func output(ts *testscript.TestScript) []map[string]any {
	var all []map[string]any
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("not a JSON object: %v: %s", err, line)
		}
		all = append(all, object)
	}
	return all
}

// cmdFields is `fields NAME:TYPE...`: every object on stdout has these fields,
// with one of these types: string, number, bool, object, array, null.
func cmdFields(ts *testscript.TestScript, neg bool, args []string) {
	all := output(ts)
	if neg || len(all) == 0 {
		ts.Fatalf("no JSON on stdout")
	}
	for _, object := range all {
		for _, arg := range args {
			name, types, _ := strings.Cut(arg, ":")
			value, ok := object[name]
			if !ok || !slices.Contains(strings.Split(types, "|"), typeOf(value)) {
				ts.Fatalf("field %s: want %s in %v", name, types, object)
			}
		}
	}
}

func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	case []any:
		return "array"
	}
	return "object"
}

// cmdLines is `lines N FIELD=VALUE...`: so many objects on stdout have all
// these values. FIELD may lead into objects and arrays with slashes; a VALUE is
// text, or JSON for anything else. N may be "some".
func cmdLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: lines N FIELD=VALUE...")
	}
	all := output(ts)
	got := 0
	for _, object := range all {
		if !slices.ContainsFunc(args[1:], func(arg string) bool { return !matches(object, arg) }) {
			got++
		}
	}
	if args[0] == "some" && got > 0 || strconv.Itoa(got) == args[0] {
		return
	}
	ts.Fatalf("%d of %d lines have %q, want %s", got, len(all), args[1:], args[0])
}

func matches(object map[string]any, arg string) bool {
	path, want, _ := strings.Cut(arg, "=")
	var value any = object
	for name := range strings.SplitSeq(path, "/") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(v) {
				return false
			}
			value = v[i]
		}
	}
	if text, ok := value.(string); ok {
		return text == want
	}
	data, err := json.Marshal(value)
	return err == nil && string(data) == want
}

// cmdExpected is `expected sources` or `expected attrs`: stdout, of a command
// with --json, says just what expected.json of the sample promises.
func cmdExpected(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expected sources|attrs")
	}
	data, err := os.ReadFile(filepath.Join(sampleDir, "expected.json"))
	ts.Check(err)
	var promised struct {
		Sources []map[string]any
		Attrs   map[string]any
	}
	ts.Check(json.Unmarshal(data, &promised))
	want, got := promised.Attrs, map[string]any{}
	if args[0] == "sources" {
		want = byPath(promised.Sources)
	}
	for _, object := range output(ts) {
		if args[0] == "sources" {
			path := fmt.Sprint(object["outPath"])
			got[path] = comparable(object, want[path])
		} else {
			got[fmt.Sprint(object["attrPath"])] = verdict(object)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		ts.Fatalf("-want +got:\n%s", diff)
	}
}

func verdict(attr map[string]any) any {
	if attr["drvPath"] != nil {
		return "drv"
	}
	return attr["errorKind"]
}

// byPath drops the fields that `granary sources` does not have, and those that
// are not promised: a kind, and the reason of what failed, that are null.
func byPath(sources []map[string]any) map[string]any {
	all := map[string]any{}
	for _, s := range sources {
		delete(s, "builds")
		delete(s, "neededBy")
		maps.DeleteFunc(s, func(name string, value any) bool {
			return value == nil && (name == "kind" || name == "reason" && s["state"] == "failed")
		})
		all[fmt.Sprint(s["outPath"])] = s
	}
	return all
}

// comparable keeps of a source what was promised of it.
func comparable(got map[string]any, want any) map[string]any {
	promised, ok := want.(map[string]any)
	if !ok {
		return got
	}
	maps.DeleteFunc(got, func(name string, _ any) bool {
		_, ok := promised[name]
		return !ok
	})
	return got
}
