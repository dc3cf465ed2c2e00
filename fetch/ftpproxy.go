package fetch

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

var errFTPProxy = errors.New("ftp_proxy is not the URL of a web proxy")

// An ftpProxy is a web proxy that asks FTP servers. The zero value is none.
type ftpProxy struct {
	url  *url.URL // its host is "" if what the environment names is no proxy
	but  []string // hosts and networks that are asked without it
	next *http.Transport
}

// ftpProxyFromEnvironment returns the proxy that ftp_proxy names, as curl has it,
// with no_proxy. It is asked over connections like t's.
func ftpProxyFromEnvironment(t *http.Transport) ftpProxy {
	raw := cmp.Or(os.Getenv("ftp_proxy"), os.Getenv("FTP_PROXY"))
	if raw == "" {
		return ftpProxy{}
	}
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || !isHTTP(u.Scheme) {
		u = new(url.URL)
	}
	but := strings.FieldsFunc(cmp.Or(os.Getenv("no_proxy"), os.Getenv("NO_PROXY")),
		func(r rune) bool { return r == ',' || r == ' ' })
	next := t.Clone()
	next.Proxy, next.Protocols = nil, new(http.Protocols)
	next.Protocols.SetHTTP1(true) // which alone can ask for URLs of other schemes
	return ftpProxy{u, but, next}
}

// covers tells whether a host is to be asked through the proxy: none of this
// machine is.
func (p ftpProxy) covers(host string) bool {
	host = strings.ToLower(host)
	address, err := netip.ParseAddr(host)
	if p.url == nil || host == "localhost" || err == nil && address.Unmap().IsLoopback() {
		return false
	}
	for _, one := range p.but {
		one = strings.ToLower(strings.TrimPrefix(one, "."))
		network, noNetwork := netip.ParsePrefix(one)
		if one == "*" || one == host || strings.HasSuffix(host, "."+one) ||
			err == nil && noNetwork == nil && network.Contains(address.Unmap()) {
			return false
		}
	}
	return true
}

// roundTrip lets the proxy answer (RFC 9112, 3.2.2).
func (p ftpProxy) roundTrip(req *http.Request) (*http.Response, error) {
	if p.url.Host == "" {
		return nil, errFTPProxy
	}
	u := *req.URL
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	via := req.Clone(req.Context())
	via.URL = &url.URL{Scheme: p.url.Scheme, Host: p.url.Host, Opaque: u.String()}
	via.Host = req.URL.Host
	if user := p.url.User; user != nil {
		password, _ := user.Password()
		proxy := http.Request{Header: http.Header{}}
		proxy.SetBasicAuth(user.Username(), password)
		via.Header.Set("Proxy-Authorization", proxy.Header.Get("Authorization"))
	}
	resp, err := p.next.RoundTrip(via)
	var dial *net.OpError
	switch {
	case err == nil:
		resp.Request = req
	case errors.As(err, &dial) && dial.Op == "dial":
		err = &net.OpError{Op: "proxyconnect", Net: dial.Net, Err: err} // as net/http has it
	}
	return resp, err
}
