package main

import (
	"fmt"
	"time"
)

// fetchResults are the usages of each contender, one a run.
type fetchResults map[string][]usage

func walls(runs []usage) []time.Duration {
	var all []time.Duration
	for _, u := range runs {
		all = append(all, u.wall)
	}
	return all
}

func cpus(runs []usage) []time.Duration {
	var all []time.Duration
	for _, u := range runs {
		all = append(all, u.cpuAll)
	}
	return all
}

func peak(runs []usage) (memory int64) {
	for _, u := range runs {
		memory = max(memory, u.memory)
	}
	return memory
}

// print prints a table of medians; the ratio is to the fastest yardstick.
func (r fetchResults) print(title string) {
	fmt.Printf("-- %s\n%-10s %9s %7s %9s %9s  %s\n",
		title, "", "wall", "ratio", "CPU", "memory", "all runs")
	fastest := r.fastest()
	for _, c := range contenders {
		runs := r[c.name]
		if len(runs) == 0 {
			continue
		}
		fmt.Printf("%-10s %7.2f s %7s %7.2f s %6.0f MB  %s\n", c.name,
			median(walls(runs)).Seconds(), r.ratioText(c.name, fastest),
			median(cpus(runs)).Seconds(), float64(peak(runs))/1e6, seconds(walls(runs)))
	}
}

func (r fetchResults) ratioText(name, fastest string) string {
	if fastest == "" {
		return ""
	}
	return fmt.Sprintf("%.2f", r.ratio(name, fastest))
}

// fastest returns the yardstick that took least time, or "" if there is none.
func (r fetchResults) fastest() (name string) {
	for _, c := range contenders {
		if c.name == "granary" || len(r[c.name]) == 0 {
			continue
		}
		if name == "" || median(walls(r[c.name])) < median(walls(r[name])) {
			name = c.name
		}
	}
	return name
}

// ratio returns the median of how many times b's time a took, run by run: what
// disturbs the machine for a while disturbs both.
func (r fetchResults) ratio(a, b string) float64 {
	var ratios []float64
	for i := range min(len(r[a]), len(r[b])) {
		ratios = append(ratios, r[a][i].wall.Seconds()/r[b][i].wall.Seconds())
	}
	return median(ratios)
}

// has tells whether all these ran.
func (r fetchResults) has(names ...string) bool {
	for _, name := range names {
		if len(r[name]) == 0 {
			return false
		}
	}
	return true
}

func (r fetchResults) judgeFastest(bound float64) {
	if fastest := r.fastest(); fastest != "" && r.has("granary") {
		verdict("time of granary to "+fastest+"'s", r.ratio("granary", fastest), bound, "", true)
	}
}

func (r fetchResults) judgeAria2(bound float64) {
	if bound > 0 && r.has("granary", "aria2c") {
		verdict("time of granary to aria2c's", r.ratio("granary", "aria2c"), bound, "", true)
	}
}

func (r fetchResults) judgeCosts() {
	if !r.has("granary") {
		return
	}
	runs := r["granary"]
	if r.has("curl") {
		verdict("CPU time of granary", median(cpus(runs)).Seconds(),
			median(cpus(r["curl"])).Seconds(), "s", true)
	}
	verdict("memory of granary", float64(peak(runs))/1e6, 150, "MB", true)
}

// judgeLatency tells how much of what is possible was reached.
func (r fetchResults) judgeLatency(best time.Duration) {
	for _, c := range contenders {
		if !r.has(c.name) {
			continue
		}
		share := 100 * best.Seconds() / median(walls(r[c.name])).Seconds()
		if c.name == "granary" {
			verdict("granary: of what latency allows", share, 90, "%", false)
		} else {
			fmt.Printf("%s: %.0f %%\n", c.name, share)
		}
	}
}
