package outbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

// WithWebhook tells a URL when a request has ended. The webhook is itself a request of the
// outbox, put in the transaction that ends the other one, for a vendor that is named
// webhook. It is signed as Standard Webhooks says (https://www.standardwebhooks.com, version
// 1.0.0) with the secret, which begins with "whsec_" and is never stored. The receiver may
// get it more than once, with the same webhook-id. base is nil for http.DefaultTransport.
//
// It panics if the secret is malformed.
func WithWebhook(url, secret string, base http.RoundTripper) Option {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 || !strings.HasPrefix(secret, "whsec_") {
		panic(`outbox: the secret of a webhook is "whsec_" and base64`)
	}
	if base == nil {
		base = http.DefaultTransport
	}
	return option(func(c *config) {
		name := "webhook"
		for n := 2; c.hooks[name]; n++ {
			name = fmt.Sprint("webhook-", n)
		}
		c.hooks[name] = true
		WithVendor(name, dialect.Generic(), client.WithBase(signer{base, key})).apply(c)
		c.made = append(c.made, func(b *Outbox) {
			b.ended = append(b.ended, func(ctx context.Context, d Delivery) error {
				if b.hooks[d.Request.Vendor] {
					return nil
				}
				r, err := hook(name, url, d)
				if err == nil {
					_, err = b.Put(ctx, r)
				}
				return err
			})
		})
	})
}

// event is the body of a webhook.
type event struct {
	Type      string    `json:"type"` // outbox. and the state
	Timestamp time.Time `json:"timestamp"`
	Data      eventData `json:"data"`
}

type eventData struct {
	ID      string           `json:"id"`
	Vendor  string           `json:"vendor"`
	State   State            `json:"state"`
	Why     string           `json:"why"`
	Attempt int              `json:"attempt"`
	Outcome parlance.Outcome `json:"outcome"`
}

// signer signs webhooks.
type signer struct {
	http.RoundTripper
	key []byte
}

func (s signer) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	now := time.Now().Unix()
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(now, 10))
	r.Header.Set("Webhook-Signature", Sign(s.key, r.Header.Get("Webhook-Id"), now, body))
	return s.RoundTripper.RoundTrip(r)
}

// Sign is the value of webhook-signature for a webhook of this ID and time, in unix seconds
// (Standard Webhooks 1.0.0, Signature scheme).
func Sign(key []byte, id string, at int64, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at)
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// hook is the request of a webhook.
func hook(name, url string, d Delivery) (Request, error) {
	body, err := json.Marshal(event{"outbox." + string(d.State), d.Ended.UTC(), eventData{d.ID, d.Request.Vendor, d.State, d.Why, d.Attempt, d.Outcome}})
	id := fmt.Sprintf("%s-%s-%d", name, d.ID, d.Attempt)
	return Request{
		ID: id, Vendor: name, URL: url, Body: body, Header: http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {id}},
		RetryUnsafe: "the receiver knows it by its webhook-id",
	}, err
}
