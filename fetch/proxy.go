package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
)

// A tunnelError is the answer of a proxy that makes no tunnel.
type tunnelError struct{ answer *http.Response }

// Error gives the proxy's words.
func (e *tunnelError) Error() string { return "proxy: " + e.answer.Status }

// checkTunnel has the answer of a proxy to CONNECT classified as that of a server
// is: net/http keeps no more than its words.
func checkTunnel(_ context.Context, _ *url.URL, req *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	resp.Request = req
	return &tunnelError{resp}
}

// isProxy tells whether err is of the way to a proxy.
func isProxy(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "proxyconnect"
}
