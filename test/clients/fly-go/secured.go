package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"time"

	fly "github.com/superfly/fly-go"
	"github.com/superfly/fly-go/flaps"
)

const host = "shop.example.com"

// As flyctl calls them, without a version.
func keyCalls(w *world) []call {
	plain := []byte("plain")
	generate := func(name, kind string) call {
		return call{"GenerateSecretKey", kind, func(ctx context.Context, c *flaps.Client) error {
			made, err := c.GenerateSecretKey(ctx, app, name, kind)
			return expect(err, made != nil && made.Name == name && made.Type == kind && made.Version > 0, made)
		}}
	}
	return []call{
		generate("box", fly.SECRETKEY_TYPE_NACL_SECRETBOX),
		generate("pen", fly.SECRETKEY_TYPE_NACL_SIGN),
		{"SetSecretKey", "", func(ctx context.Context, c *flaps.Client) error {
			made, err := c.SetSecretKey(ctx, app, "mac", fly.SECRETKEY_TYPE_HS256, bytes.Repeat([]byte{7}, 32))
			return expect(err, made != nil && made.Name == "mac", made)
		}},
		{"ListSecretKeys", "", func(ctx context.Context, c *flaps.Client) error {
			list, err := c.ListSecretKeys(ctx, app, nil)
			return expect(err, len(list) == 3, list)
		}},
		{"GetSecretKey", "", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.GetSecretKey(ctx, app, "pen", nil)
			return expect(err, got != nil && len(got.Publickey) > 0, got)
		}},
		{"EncryptSecretKey", "", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.EncryptSecretKey(ctx, app, "box", plain, nil, nil)
			if err == nil {
				w.ciphertext = got.Ciphertext
			}
			return expect(err, got != nil && len(got.Ciphertext) > 0, got)
		}},
		{"DecryptSecretKey", "", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.DecryptSecretKey(ctx, app, "box", w.ciphertext, nil, nil)
			return expect(err, got != nil && bytes.Equal(got.Plaintext, plain), got)
		}},
		{"SignSecretKey", "", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.SignSecretKey(ctx, app, "pen", plain, nil)
			if err == nil {
				w.signature = got.Signature
			}
			return expect(err, got != nil && len(got.Signature) > 0, got)
		}},
		{"VerifySecretKey", "", func(ctx context.Context, c *flaps.Client) error {
			return c.VerifySecretKey(ctx, app, "pen", plain, w.signature, nil)
		}},
		{"DeleteSecretKey", "", func(ctx context.Context, c *flaps.Client) error {
			return c.DeleteSecretKey(ctx, app, "mac")
		}},
	}
}

func certificateCalls(w *world) []call {
	detail := func(method, what string, ask func(context.Context, *flaps.Client) (*fly.CertificateDetailResponse, error)) call {
		return call{method, what, func(ctx context.Context, c *flaps.Client) error {
			got, err := ask(ctx, c)
			return expect(err, got != nil && got.Hostname == host && got.Status != "", got)
		}}
	}
	acme := func(ctx context.Context, c *flaps.Client) (*fly.CertificateDetailResponse, error) {
		return c.CreateACMECertificate(ctx, app, fly.CreateCertificateRequest{Hostname: host})
	}
	listed := func(what string, options *flaps.ListCertificatesOpts) call {
		return call{"ListCertificates", what, func(ctx context.Context, c *flaps.Client) error {
			list, err := c.ListCertificates(ctx, app, options)
			return expect(err, list != nil && len(list.Certificates) == 1 && list.TotalCount == 1, list)
		}}
	}
	return []call{
		detail("CreateACMECertificate", "", acme),
		detail("CheckCertificate", "", func(ctx context.Context, c *flaps.Client) (*fly.CertificateDetailResponse, error) {
			return c.CheckCertificate(ctx, app, host)
		}),
		detail("GetCertificate", "", func(ctx context.Context, c *flaps.Client) (*fly.CertificateDetailResponse, error) {
			return c.GetCertificate(ctx, app, host)
		}),
		listed("", nil),
		listed("with a limit and a filter", &flaps.ListCertificatesOpts{Limit: 5, Filter: "shop"}),
		detail("CreateCustomCertificate", "", func(ctx context.Context, c *flaps.Client) (*fly.CertificateDetailResponse, error) {
			chain, key, err := ownCertificate()
			if err != nil {
				return nil, err
			}
			return c.CreateCustomCertificate(ctx, app, fly.ImportCertificateRequest{Hostname: host, Fullchain: chain, PrivateKey: key})
		}),
		{"DeleteACMECertificate", "", func(ctx context.Context, c *flaps.Client) error {
			return c.DeleteACMECertificate(ctx, app, host)
		}},
		{"DeleteCustomCertificate", "", func(ctx context.Context, c *flaps.Client) error {
			return c.DeleteCustomCertificate(ctx, app, host)
		}},
		detail("CreateACMECertificate", "again", acme),
		{"DeleteCertificate", "", func(ctx context.Context, c *flaps.Client) error {
			return c.DeleteCertificate(ctx, app, host)
		}},
	}
}

// A certificate for the host that signs itself, and its key.
func ownCertificate() (chain, key string, err error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{host},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return "", "", err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})), nil
}
