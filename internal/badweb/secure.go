package badweb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"
)

// An authority signs the certificates of a test. They hold in the year 2000, too,
// when the time of synctest begins.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// trusted is the authority that a Server's Transport trusts, unknown the other one.
var trusted, unknown = sync.OnceValue(newAuthority), sync.OnceValue(newAuthority)

var validFrom, validUntil = date(1990), date(2090)

func date(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }

func newAuthority() *authority {
	a := &authority{key: newKey()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "badweb"},
		NotBefore: validFrom, NotAfter: validUntil,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = certify(template, template, &a.key.PublicKey, a.key)
	return a
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func certify(
	template, parent *x509.Certificate, public *ecdsa.PublicKey, signer *ecdsa.PrivateKey,
) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

// issue returns a certificate for a host, or for an address and 0.0.0.0.
func (a *authority) issue(host string, until time.Time) *tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host},
		NotBefore: validFrom, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip, net.IPv4zero}
	} else {
		template.DNSNames = []string{host}
	}
	key := newKey()
	cert := certify(template, a.cert, &key.PublicKey, a.key)
	return &tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// serverConfig has a certificate for the address, and one for each host.
func serverConfig(address string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS10,
		Certificates:       []tls.Certificate{*trusted().issue(address, validUntil)},
		GetCertificate:     certificate,
		GetConfigForClient: oldConfig,
	}
}

// certificate returns a good one but for hosts that are named after their fault.
func certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	switch host := hello.ServerName; host {
	case "expired.invalid":
		return trusted().issue(host, date(1999)), nil
	case "wrongname.invalid":
		return trusted().issue("other.invalid", validUntil), nil
	case "unknown.invalid":
		return unknown().issue(host, validUntil), nil
	default:
		return trusted().issue(host, validUntil), nil
	}
}

// oldConfig is that of "old.invalid", which speaks no version of TLS still in use.
func oldConfig(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if hello.ServerName != "old.invalid" {
		return nil, nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, GetCertificate: certificate,
	}, nil
}

// clientConfig trusts what is to be trusted.
func clientConfig() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(trusted().cert)
	return &tls.Config{RootCAs: roots}
}

// Authority returns the certificate of the authority that Transport trusts, in PEM.
func Authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted().cert.Raw})
}
