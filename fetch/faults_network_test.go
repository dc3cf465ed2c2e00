package fetch

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"granary/internal/badweb"
)

var networkFaults = []fault{
	{name: "host unknown", urls: []string{"http://nxdomain.invalid/f"}, want: "dns"},
	{name: "host unknown, another URL", urls: []string{"http://nxdomain.invalid/f", faultURL},
		replies: script{good}, requests: 1},
	{name: "name server fails", urls: []string{"http://servfail.invalid/f"},
		want: "dns", waits: 7 * time.Second},
	{name: "name servers fail for all", urls: []string{
		"http://a.servfail.invalid/f", "http://b.servfail.invalid/f",
		"http://c.servfail.invalid/f", "http://d.servfail.invalid/f"},
		err: ErrNoNetwork, waits: silentFor},
	{name: "refused", urls: []string{"http://refused.invalid/f"}, want: "refused"},
	{name: "unreachable", urls: []string{"http://unreachable.invalid/f"},
		want: "unreachable", waits: 7 * time.Second},
	{name: "IPv6 does not work", urls: []string{"http://both.invalid/f"},
		replies: script{good}, real: true, prepare: brokenIPv6, requests: 1},
	{name: "proxy", prepare: withProxy("http://proxy.invalid"), replies: script{good},
		requests: 1},
	{name: "proxy wants a password", prepare: withProxy("http://proxy.invalid"),
		replies: script{badweb.Status(407)}, want: "proxy", requests: 1},
	{name: "proxy wants a password for a tunnel", urls: []string{"https://badweb.invalid/f"},
		prepare: withTunnel(badweb.Status(407)), want: "proxy", requests: 1},
	{name: "proxy does not get through", urls: []string{"https://badweb.invalid/f"},
		prepare: withTunnel(badweb.Status(502)),
		want:    "server error", requests: 4, waits: 7 * time.Second},
	{name: "proxy is down", prepare: withProxy("http://refused.invalid:8080"),
		want: "proxy", waits: 7 * time.Second},
	{name: "proxy is down for all", prepare: withProxy("http://refused.invalid:8080"),
		urls: []string{"http://a.invalid/f", "http://b.invalid/f", "http://c.invalid/f",
			"http://d.invalid/f"},
		err: ErrNoNetwork, waits: silentFor},
	{name: "proxy unknown", prepare: withProxy("http://nxdomain.invalid:8080"), want: "proxy",
		waits: 7 * time.Second},
}

func withProxy(address string) func(*testing.T, *rig) {
	return func(t *testing.T, b *rig) {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		b.Transport.Proxy = http.ProxyURL(u)
		b.Transport.OnProxyConnectResponse = checkTunnel
	}
}

// withTunnel has a proxy answer requests for tunnels.
func withTunnel(reply http.HandlerFunc) func(*testing.T, *rig) {
	return func(t *testing.T, b *rig) {
		withProxy("http://proxy.invalid")(t, b)
		b.Handle("badweb.invalid:443", reply)
	}
}
