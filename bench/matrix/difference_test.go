package matrix

// A difference is what a target does otherwise than net/http without it: + is a field that
// is added, - one that is missing, and the others have another value.
type difference struct {
	target   string // begins so
	features string
	methods  string
	what     string
	reason   string
}

const (
	bodies = "GET POST PUT PATCH DELETE OPTIONS" // all whose responses have one
	writes = "POST PUT PATCH DELETE OPTIONS"     // all to which If-None-Match is a condition of another kind
)

// The reasons that several have.
const (
	failure  = "A failure is written in the dialect."
	lengths  = "It has the length that the failure has for GET, or none."
	another  = "A failure has none of the document's validators, for they are not its own."
	envelope = "The gateway reads the response, and so asks for the whole document without a coding. It promises no ranges (RFC 9110, 14.2). A text without the envelope is noted."
	headless = "A response to HEAD has nothing to read. What depends on its content is left out (RFC 9110, 9.3.2)."
)

// differences has the narrower targets first.
var differences = []difference{
	{"gateway to vbapi", "document", bodies, "+Outcome-Kind -Accept-Ranges", envelope},
	{"gateway to vbapi", "document range", bodies, "+Outcome-Kind -Accept-Ranges -Content-Range body status", envelope},
	{"gateway to vbapi", "document ranges", bodies, "+Outcome-Kind -Accept-Ranges Content-Type body status", envelope},
	{"gateway to vbapi", "document beyond", bodies, "+Etag +Last-Modified +Outcome-Kind -Content-Range -X-Content-Type-Options body status", envelope},
	{"gateway to vbapi", "takes, trailers", bodies, "+Outcome-Kind", envelope},
	{"gateway to vbapi", "zipped", bodies, "+Outcome-Kind -Content-Encoding body", envelope},
	{"gateway to vbapi", "document", "HEAD", "-Accept-Ranges -Content-Length -Etag -Last-Modified framing", headless},
	{"gateway to vbapi", "document range", "HEAD", "-Accept-Ranges -Content-Length -Content-Range -Etag -Last-Modified framing status", headless},
	{"gateway to vbapi", "document ranges", "HEAD", "-Accept-Ranges -Content-Length -Etag -Last-Modified Content-Type framing status", headless},
	{"gateway to vbapi", "document beyond", "HEAD", "-Content-Length -Content-Range -X-Content-Type-Options framing status", headless},
	{"gateway to vbapi", "takes, trailers", "HEAD", "", headless},
	{"gateway to vbapi", "zipped", "HEAD", "-Content-Encoding -Content-Length framing", headless},
	{"gateway to vbapi", "json", "HEAD", "-Content-Length framing", headless},
	{"gateway to vbapi", "json", bodies, "body", "The upstream's envelope is taken off."},
	{"gateway to plain", "nothing", bodies, "+Outcome-Kind", "A 204 means empty in the callers' dialect, and a success in the upstream's."},
	{"server of vbapi", "json", bodies, "body", "The dialect's envelope is put around it."},
	{"server of vbapi", "json", "HEAD", "Content-Length framing", "It has the length with the envelope, as for GET."},

	{"server", "document beyond, missing", "HEAD", "Content-Length Content-Type framing", lengths},
	{"gateway", "document beyond, missing", "HEAD", "-Content-Length Content-Type framing", lengths},
	{"", "refuses", "HEAD", "Content-Type", failure},
	{"", "document beyond, missing, refuses", bodies, "Content-Type body", failure},
	{"", "document changed", "HEAD", "+Content-Type -Etag -Last-Modified", another},
	{"", "document changed", bodies, "+Content-Type -Etag -Last-Modified body", another},
	{"", "document unchanged", writes, "+Content-Type -Etag -Last-Modified body", another},
}
