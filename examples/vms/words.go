package vms

import (
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"golang.org/x/text/language"
)

// words are the service's own texts in one language.
type words struct {
	credential, permission                   string // "" leaves it to the server end, which knows more
	noCamera, cameraOff, recorder            string
	noSession, noHour                        string
	license, sessions, requests, maintenance string
}

// languages are those that the service speaks, the first for everybody else.
var languages = []language.Tag{language.English, language.Russian}

var texts = []words{{
	noCamera:    "No camera %q",
	cameraOff:   "The camera is switched off",
	recorder:    "The recorder cannot be used now",
	noSession:   "The parameter session is missing",
	noHour:      "The parameter hour must be a number",
	license:     "The license limit is exceeded",
	sessions:    "Too many sessions at one time",
	requests:    "Too many requests in a short time",
	maintenance: "The system is closed for maintenance",
}, {
	credential:  "Нужен действительный токен",
	permission:  "Для этого нет прав",
	noCamera:    "Нет камеры %q",
	cameraOff:   "Камера выключена",
	recorder:    "Видеорегистратор сейчас недоступен",
	noSession:   "Не указан параметр session",
	noHour:      "Параметр hour должен быть числом",
	license:     "Превышен лимит лицензии",
	sessions:    "Слишком много одновременных сеансов",
	requests:    "Слишком много запросов за короткое время",
	maintenance: "Система закрыта на обслуживание",
}}

var matcher = language.NewMatcher(languages)

// spoken is the place of the caller's language: as VMS's page says, the header Hl or
// the query hl chooses it.
func spoken(r *http.Request) int {
	for _, wish := range []string{r.Header.Get("Hl"), r.URL.Query().Get("hl"), r.Header.Get("Accept-Language")} {
		if tags, _, err := language.ParseAcceptLanguage(wish); err == nil && len(tags) > 0 {
			if _, i, confidence := matcher.Match(tags...); confidence != language.No {
				return i
			}
		}
	}
	return 0
}

func say(r *http.Request) *words { return &texts[spoken(r)] }

// inWords has a middleware refuse in the caller's language.
func inWords(m server.Middleware, refusal func(*words) string) server.Middleware {
	return func(next http.Handler) http.Handler {
		in := make([]http.Handler, len(texts))
		for i := range texts {
			in[i] = server.WithError(m, parlance.Outcome{Detail: refusal(&texts[i])})(next)
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { in[spoken(r)].ServeHTTP(w, r) })
	}
}
