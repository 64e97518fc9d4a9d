package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
)

// Request is what is to be delivered. Vendor and URL are needed.
type Request struct {
	ID     string      `json:"-"` // "" gets a new one
	Vendor string      `json:"vendor"`
	Method string      `json:"method,omitempty"` // "" is POST
	URL    string      `json:"url,omitempty"`    // absolute; a list leaves it out
	Header http.Header `json:"header,omitempty"` // without credentials: those are the vendor's
	Body   []byte      `json:"body,omitempty"`

	// Records are those of a bulk request, in the place of Body. If some of them fail and
	// may be sent again, only those are.
	Records *Records `json:"records,omitempty"`

	// Key is the idempotency key of all attempts. "" gets a new one. It is not sent if the
	// dialect has no header for it.
	Key string `json:"key,omitempty"`

	// RetryUnsafe is why the request may be done twice; "" if it may not. With a reason it is
	// sent again even after a response that proves nothing. The reason is recorded.
	RetryUnsafe string `json:"retry_unsafe,omitempty"`

	// Order is a key of the program. Requests with the same one are delivered one after the
	// other, as they were put. One that is uncertain keeps the others waiting, unless Pass
	// is set.
	Order string `json:"order,omitempty"`
	Pass  bool   `json:"pass,omitempty"`

	// Limit names the limit that the request shares with others of its vendor. "" is the
	// origin of the URL. If the vendor says "later" to one of them, all wait with it.
	Limit string `json:"limit,omitempty"`

	NotBefore time.Time `json:"-"` // zero is now
	Deadline  time.Time `json:"-"` // when it is given up; zero is that of WithDeadline

	Operation string `json:"operation,omitempty"` // a name for logs and reports, with few values

	Owner string `json:"-"` // who asked for it, such as server.Principal.ID; "" is nobody known

	Carried map[string]string `json:"carried,omitempty"` // what observers gave to Put; Put sets it
}

// Records are the records of a bulk request: its body is Open, the records with Between
// between two, and Close.
type Records struct {
	Open    string   `json:"open,omitempty"`
	Between string   `json:"between,omitempty"`
	Close   string   `json:"close,omitempty"`
	List    []Record `json:"list"`
}

// Record is one record of a bulk request.
type Record struct {
	ID   string `json:"id,omitempty"` // as the response has it; "" if it lists all of them in their order
	Body []byte `json:"body"`
}

// body is the body with only some of the records.
func (r *Records) body(which []int) []byte {
	b := []byte(r.Open)
	for i, n := range which {
		if i > 0 {
			b = append(b, r.Between...)
		}
		b = append(b, r.List[n].Body...)
	}
	return append(b, r.Close...)
}

// Put stores a request and returns its ID. Within a transaction of the store, the request
// exists once that commits. A request that can never be delivered is refused: errors.Is finds
// parlance.ErrInvalid. So is a credential in the header or the URL, since it would be
// stored: its cause is ErrCredential. An ID that is taken is parlance.ErrConflict.
func (b *Outbox) Put(ctx context.Context, r Request) (string, error) {
	r.Method = cmp.Or(r.Method, http.MethodPost)
	v, u, err := b.check(r)
	if err != nil {
		return "", err
	}
	r.ID, r.Key = cmp.Or(r.ID, activity.NewID()), cmp.Or(r.Key, activity.NewID())
	if v.dialect.IdempotencyHeader() == "" {
		r.Key = ""
	}
	r.Carried = b.carried(ctx)
	input, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	now := time.Now()
	if r.Deadline.IsZero() {
		r.Deadline = now.Add(b.patience)
	}
	err = b.store.Put(ctx, queue.Task{
		ID: r.ID, Kind: Kind, Lane: r.Vendor + " " + cmp.Or(r.Limit, u.Scheme+"://"+u.Host), Key: r.Order, Input: input, Owner: r.Owner,
		Activity: activity.ID(ctx), Created: now, Due: r.NotBefore, Deadline: r.Deadline,
	})
	if err != nil {
		return "", err
	}
	b.loop.Wake()
	return r.ID, nil
}

// ErrCredential is the cause of the refusal of a request that has a credential in its URL or
// header. The process that delivers adds it instead.
var ErrCredential = errors.New("outbox: a credential would be stored")

// check says why a request can never be delivered.
func (b *Outbox) check(r Request) (*vendor, *url.URL, error) {
	var reason parlance.Reason
	refuse := func(format string, args ...any) error {
		return &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Reason: reason, Detail: "outbox: " + fmt.Sprintf(format, args...)}}
	}
	stored := func(where string) error {
		return &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Detail: "outbox: the " + where + " has a credential in it, which would be stored; the process that delivers has it"}, Err: ErrCredential}
	}
	v := b.vendors[r.Vendor]
	if v == nil {
		return nil, nil, refuse("no vendor %q is set; known are %q", r.Vendor, b.Vendors())
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, nil, refuse("the URL cannot be read")
	}
	size := len(r.Body)
	if r.Records != nil {
		if size > 0 {
			return nil, nil, refuse("a request has a Body or Records, not both")
		}
		for _, one := range r.Records.List {
			size += len(one.Body)
		}
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, nil, refuse("the URL must be an absolute http or https URL")
	case u.User != nil, activity.CleanText(r.URL) != r.URL:
		return nil, nil, stored("URL")
	case size > b.maxBody:
		reason = parlance.ReasonRequestTooLarge
		return nil, nil, refuse("the body has %d bytes; at most %d are allowed (WithMaxBody)", size, b.maxBody)
	case !r.Deadline.IsZero() && !r.Deadline.After(time.Now()):
		return nil, nil, refuse("its deadline is over")
	}
	for name, clean := range activity.CleanHeader(r.Header) {
		if !slices.Equal(clean, r.Header[name]) {
			return nil, nil, stored("header field " + name)
		}
	}
	if _, err := http.NewRequest(r.Method, r.URL, nil); err != nil {
		return nil, nil, refuse("no request can be made of it: the method is malformed")
	}
	return v, u, nil
}
