package server

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// maxCalled bounds, in bytes, the part of a path that a detail shows.
const maxCalled = 200

// describe is the detail of a failure that has none. Every API shows a detail, and a
// title alone does not name the request. The text has the called path and the meaning
// of the kind, and nothing internal.
func (x *exchange) describe(o *parlance.Outcome) string {
	if x.instance() == "*" {
		return "The target * names no resource. Call a path."
	}
	if text := x.describeStatus(o.Status); text != "" {
		return text
	}
	called := x.calledAs()
	if text, simple := details[o.Kind]; simple {
		return fmt.Sprintf(text, called)
	}
	switch o.Kind {
	case parlance.KindUnauthenticated:
		if o.Reason == parlance.ReasonExpired {
			return "The credential has expired."
		}
		return fmt.Sprintf("The request %s needs a valid credential.", called)
	case parlance.KindRateLimited:
		return "There were too many requests in a short time" + wording.Again(o.RetryAfter)
	case parlance.KindQuota:
		if o.Reason == parlance.ReasonLicense {
			return "All licenses are in use."
		}
		return "The quota is used up."
	case parlance.KindInternal:
		return wording.Internal(x.server.dialect, "request")
	case parlance.KindBadGateway:
		return upstreamDetail(o.Kind, 0)
	case parlance.KindUnavailable:
		if o.Reason == parlance.ReasonMaintenance {
			return "The service is closed for maintenance" + wording.Again(o.RetryAfter)
		}
		return "The service cannot handle requests at the moment" + wording.Again(o.RetryAfter)
	}
	return fmt.Sprintf("The request %s is invalid.", called)
}

// details are the texts of kinds that need only the called path.
var details = map[parlance.Kind]string{
	parlance.KindFailed:    "The request %s is valid, but it failed.",
	parlance.KindForbidden: "The caller has no permission for %s.",
	parlance.KindNotFound:  "There is no resource at %s.",
	parlance.KindConflict:  "The request %s conflicts with another request, or with the state of the resource.",
	parlance.KindTimeout:   "The request %s took longer than the server allows.",
}

// describeStatus is the detail of a status that is more specific than its kind; "" for
// others.
func (x *exchange) describeStatus(status int) string {
	called := x.calledAs()
	switch status {
	case http.StatusMethodNotAllowed:
		text := fmt.Sprintf("The method %s is not allowed at %s.", short(x.request.Method), short(x.instance()))
		if allowed := x.Header().Get("Allow"); allowed != "" {
			text += " Allowed: " + allowed + "."
		}
		return text
	case http.StatusRequestTimeout:
		return "The request did not arrive in time."
	case http.StatusPreconditionFailed:
		return fmt.Sprintf("A condition in the header of %s does not hold.", called)
	case http.StatusRequestEntityTooLarge:
		return fmt.Sprintf("The body of %s is too large.", called)
	case http.StatusUnsupportedMediaType:
		return fmt.Sprintf("The content type of %s is not supported.", called)
	case http.StatusRequestedRangeNotSatisfiable:
		return fmt.Sprintf("The range that %s asks for does not exist.", called)
	}
	return ""
}

// calledAs is the method and path of the request, for a sentence: "GET /x".
func (x *exchange) calledAs() string { return short(x.request.Method) + " " + short(x.instance()) }

// short cuts a caller's text to the length that fits a sentence.
func short(text string) string {
	if len(text) <= maxCalled {
		return text
	}
	return strings.ToValidUTF8(text[:maxCalled], "") + "…"
}
