package relay

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/prefer"
	"github.com/parlance-api/parlance/outbox"
)

// Take stores a request of a caller and responds as [Relay.Response] says. If he waits for
// it (Prefer: wait), that is the vendor's response if it comes in time.
//
// If the request has a Key and no ID, the same request of the same caller is stored once. A
// caller who did not get the 202 sends it again, and is told of the one that there is. A
// body that is too long for the outbox is invalid. Any other reason why it can never be
// delivered is a fault of the program: internal.
func (l *Relay) Take(r *http.Request, out outbox.Request) (*http.Response, parlance.Outcome) {
	p := prefer.Of(r.Header.Values("Prefer"))
	d, err := l.put(r, out)
	if err == nil && p.Waits {
		d, err = l.wait(r.Context(), d, p.Wait)
	}
	if err != nil {
		return l.failed(r, err)
	}
	resp, o := l.Response(r, d)
	if p.Waits {
		resp.Header.Add("Preference-Applied", p.Applied())
	}
	if p.Async && !d.State.Ended() {
		resp.Header.Add("Preference-Applied", "respond-async")
	}
	return resp, o
}

// put stores a request, or finds the one that it repeats.
func (l *Relay) put(r *http.Request, out outbox.Request) (outbox.Delivery, error) {
	out.Owner = l.owner(r)
	if out.ID == "" && out.Key != "" {
		id, err := same(out)
		if err != nil {
			return outbox.Delivery{}, err
		}
		out.ID = id
	}
	id, err := l.box.Put(r.Context(), out)
	switch o := parlance.OutcomeOf(err); {
	case err == nil:
		l.logger.InfoContext(r.Context(), "the request is stored, to be delivered later", "outbox", id, "vendor", out.Vendor)
		return outbox.Delivery{ID: id, State: outbox.Waiting, Request: out}, nil
	case errors.Is(err, parlance.ErrConflict) && out.ID != "":
	case errors.Is(err, parlance.ErrInvalid) && o.Reason == parlance.ReasonRequestTooLarge:
		return outbox.Delivery{}, &parlance.Error{Outcome: tooLarge(int64(l.box.MaxBody())), Err: err}
	case errors.Is(err, parlance.ErrInvalid):
		return outbox.Delivery{}, parlance.NewError(parlance.KindInternal, "").Because(err)
	default:
		return outbox.Delivery{}, err
	}
	d, err := l.box.Find(r.Context(), out.ID)
	if err == nil && d.Request.Owner != out.Owner {
		err = parlance.ErrConflict // another's, by an ID of the program
	}
	return d, err
}

// tooLarge is the Outcome of a request whose body is too long.
func tooLarge(most int64) parlance.Outcome {
	return parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonRequestTooLarge, Status: http.StatusRequestEntityTooLarge,
		Detail: fmt.Sprintf("At most %d bytes are allowed.", most)}
}

// same is the ID that all requests with the same key, owner and content have.
func same(out outbox.Request) (string, error) {
	text, err := json.Marshal([]any{out.Owner, out})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// wait is a delivery once it has ended, or as it is after this time.
func (l *Relay) wait(ctx context.Context, d outbox.Delivery, atMost time.Duration) (outbox.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, min(atMost, l.maxWait))
	defer cancel()
	tick := time.NewTicker(l.look)
	defer tick.Stop()
	for !d.State.Ended() {
		select {
		case <-ctx.Done():
			return d, nil
		case <-tick.C:
		}
		now, err := l.box.Find(context.WithoutCancel(ctx), d.ID)
		if err != nil {
			return d, err
		}
		d = now
	}
	return d, nil
}
