package draft

import (
	"strings"
	"unicode"
)

// The names by which vendors call what a response says, without case, blanks,
// hyphens and underscores, the most telling first.
var (
	codeNames     = []string{"code", "errorcode", "errcode", "faultcode", "errortype", "type", "error", "reason", "name", "status", "category", "issue", "key"}
	detailNames   = []string{"message", "errormessage", "errormsg", "errmsg", "errordetail", "errordesc", "defaultmessage", "msg", "detail", "errordescription", "errorsummary", "faultstring", "description", "reason", "problem", "error", "errors", "text", "explanation", "info", "refusalreason", "failurereason"}
	titleNames    = []string{"title", "summary"}
	requestNames  = []string{"requestid", "correlationid", "traceid", "debugid", "activityid", "transactionid", "reqid", "xrequestid", "logid", "trackingid", "auditid", "errorid"}
	statusNames   = []string{"status", "statuscode", "httpstatus", "httpstatuscode", "httpcode", "code", "errorcode"}
	helpNames     = []string{"moreinfo", "docurl", "documentationurl", "documentation", "informationlink", "helpurl", "helplink", "help", "infolink", "infourl", "docs", "link", "href", "url"}
	waitNames     = []string{"retryafter", "retryafterseconds", "retryafterms", "retryin"}
	noteNames     = []string{"warning", "warnings", "notice", "notices"}
	inputNames    = []string{"field", "path", "param", "parameter", "property", "propertypath", "pointer", "attribute", "loc", "location", "target", "fieldname", "name", "key", "fields", "source"}
	listNames     = []string{"errors", "details", "violations", "fielderrors", "fieldviolations", "causes", "invalidparams", "validationerrors", "issues", "problems", "fields", "invalid", "detail", "rootcause", "errormessages", "errorcauses"}
	nestedNames   = []string{"error", "errors", "fault", "failure", "problem", "exception", "response", "responsestatus", "responsemetadata", "meta", "metadata", "debug", "details", "head", "header", "data", "detail", "innererror", "errorinfo", "errordetails", "source", "body", "context", "extensions"}
	envelopeNames = []string{"error", "fault", "envelope", "body"}
	idNames       = []string{"id", "index", "itemid", "ref", "reference", "docref", "href"}
	flagNames     = []string{"success", "ok", "succeeded", "issuccess", "successful", "iserror", "failed", "haserrors", "haserror"}
)

// failureWords are what a text says that only says that it failed.
var failureWords = map[string]bool{"error": true, "fail": true, "failure": true, "failed": true, "refused": true, "declined": true, "rejected": true, "denied": true}

// resultNames are the names of members that say in a word whether it went well.
var resultNames = []string{"status", "result", "resultcode", "resultstatus"}

// plain is a name without what vendors spell differently.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' || r == '@' || r == '.' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

func isFlag(name string) bool { return among(flagNames, name) }

func isGoodFlag(name string) bool {
	return strings.HasPrefix(name, "s") || name == "ok" || name == "issuccess"
}

func among(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// isToken reports that a text can be a code: one word that is no sentence and
// no address.
func isToken(s string) bool {
	if s == "" || len(s) > 80 || strings.Contains(s, "://") {
		return false
	}
	letters := 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			letters++
		case strings.ContainsRune("_-.:#/", r):
		default:
			return false
		}
	}
	return letters > 0
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// isShouted reports a text such as NOT_FOUND.
func isShouted(s string) bool {
	return isToken(s) && s == strings.ToUpper(s) && strings.IndexFunc(s, unicode.IsLetter) >= 0
}

// isWhole reports a number without a fraction.
func isWhole(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && len(s) < 16 && strings.Trim(s, "0123456789") == "" && (s == "0" || s[0] != '0')
}
