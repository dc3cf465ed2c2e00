package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// newBrowser starts Chromium, without a window and without a network, for the time of
// the test.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // which root cannot have
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
		chromedp.UserDataDir(t.TempDir()),
	)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end) // which waits for the process
	browser, _ := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		within, cancel := context.WithTimeout(browser, 20*time.Second)
		defer cancel()
		if err := chromedp.Cancel(within); err != nil {
			t.Errorf("end Chromium: %v", err)
		}
	})
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("start Chromium (scripts/test installs it): %v", err)
	}
	return browser
}

// A tab is a page that is open in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	asked  []string // URLs
	faults []string // what the console says
}

// newTab opens an empty page of so many pixels. Before it is closed, it must have asked
// for one file and nothing else, and have had nothing to say on the console.
func newTab(t *testing.T, browser context.Context, width int64) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(browser)
	t.Cleanup(end)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	p.do(chromedp.EmulateViewport(width, 900))
	checkTest(t, chromedp.Listen(ctx, p.listen))
	t.Cleanup(p.check)
	return p
}

func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		p.asked = append(p.asked, event.Request.URL)
	case *runtime.EventConsoleAPICalled:
		p.faults = append(p.faults, fmt.Sprint("console: ", event.Type))
	case *runtime.EventExceptionThrown:
		p.faults = append(p.faults, fmt.Sprint(event.ExceptionDetails))
	case *log.EventEntryAdded:
		p.faults = append(p.faults, event.Entry.Text)
	}
}

// check looks at what the page did so far.
func (p *tab) check() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.faults) > 0 {
		p.t.Errorf("the console says %q", p.faults)
	}
	if len(p.asked) != 1 {
		p.t.Errorf("the page asked for %q", p.asked)
	}
}

func (p *tab) open(file string) {
	p.t.Helper()
	p.do(chromedp.Navigate("file://" + filepath.ToSlash(file)))
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	checkTest(p.t, chromedp.Do(p.ctx, actions...))
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

func (p *tab) write(selector, text string) {
	p.t.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}
