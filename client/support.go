package client

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/parlance-api/parlance"
)

// SupportReport holds what a provider's support needs to find a request: IDs,
// times and codes. It holds no header, body, query or credential, since those may
// be secret.
type SupportReport struct {
	Dialect   string           `json:"dialect"`
	Contact   string           `json:"contact,omitempty"` // where to send it, from the dialect
	ID        string           `json:"id,omitempty"`      // the provider's name for the request ID, such as activityId
	Method    string           `json:"method"`
	URL       string           `json:"url"` // without user, query and fragment
	Operation string           `json:"operation,omitempty"`
	Key       string           `json:"idempotency_key,omitempty"` // not a secret: it only names the request
	Attempts  []SupportAttempt `json:"attempts"`
}

// SupportAttempt is one attempt in a [SupportReport].
type SupportAttempt struct {
	Time      time.Time       `json:"time"` // in UTC
	Took      float64         `json:"took"` // in seconds
	Status    int             `json:"status,omitempty"`
	Kind      parlance.Kind   `json:"kind"`
	Reason    parlance.Reason `json:"reason,omitempty"`
	Code      string          `json:"code,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
}

// SupportReport makes the report for the provider's support. It is due if the
// Decision is escalate, and can be made for any response.
func (r *Report) SupportReport() SupportReport { return r.of.supportReport() }

// SupportReport makes the report for the provider's support if no response came.
func (e *Error) SupportReport() SupportReport { return e.of.supportReport() }

func (x *exchange) supportReport() SupportReport {
	s := SupportReport{
		Dialect: x.dialect.Name(), Contact: x.dialect.Support().Contact, ID: x.dialect.Support().ID, Operation: x.asks().Operation, Key: x.sentKey(),
		Method: methodOf(x.req), URL: x.req.URL.Scheme + "://" + x.req.URL.Host + x.req.URL.EscapedPath(),
	}
	for i := range x.attempts {
		a := &x.attempts[i]
		s.Attempts = append(s.Attempts, SupportAttempt{
			a.Start.UTC(), a.Took.Seconds(), a.Outcome.Status, a.Outcome.Kind, a.Outcome.Reason, a.Outcome.Code, a.Outcome.RequestID,
		})
	}
	return s
}

// String is the report as a text to send, with a line for each attempt.
func (s SupportReport) String() string {
	var b strings.Builder
	if s.Contact != "" {
		fmt.Fprintf(&b, "To: %s\n", s.Contact)
	}
	fmt.Fprintf(&b, "%s %s", s.Method, s.URL)
	if s.Operation != "" {
		fmt.Fprintf(&b, " (%s)", s.Operation)
	}
	b.WriteByte('\n')
	if s.Key != "" {
		fmt.Fprintf(&b, "Idempotency key: %s\n", shown(s.Key))
	}
	for _, a := range s.Attempts {
		fmt.Fprintf(&b, "%s  ", a.Time.Format("2006-01-02T15:04:05.000Z07:00"))
		if a.Status != 0 {
			fmt.Fprintf(&b, "%d ", a.Status)
		}
		b.WriteString(a.Kind.String())
		if a.Reason != "" {
			b.WriteString("/" + shown(string(a.Reason)))
		}
		if a.Code != "" {
			fmt.Fprintf(&b, "  code %s", shown(a.Code))
		}
		if a.RequestID != "" {
			fmt.Fprintf(&b, "  %s %s", cmp.Or(s.ID, "request ID"), shown(a.RequestID))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// shown is a text of the server's without characters that could forge or
// overwrite a line.
func shown(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, s)
}
