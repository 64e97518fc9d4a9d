package authoring

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// stateNames are how the names of members end in which APIs say how far some work has come,
// or why it ended.
var stateNames = []string{"status", "state", "phase", "finish_reason", "finishreason", "stop_reason", "stopreason"}

// The words of such a state, in lower case and without what stands between their parts.
var (
	failedStates = []string{"failed", "canceled", "cancelled", "error", "failure", "errored", "aborted", "expired", "rejected", "timedout"}
	otherStates  = []string{"queued", "pending", "submitted", "starting", "started", "scheduled", "waiting", "open", "created", "authorized", "paid", "inqueue", "working", "provisioning", "running", "processing", "inprogress", "succeeded", "success", "completed", "complete", "finished", "done"}
)

// maxStateDepth is how deep in a payload a state is looked for.
const maxStateDepth = 3

// hiddenStates warns of samples whose payload has a state, if the file knows no failure there
// and a failed state would be a plain success too. It does so once for each shape.
func hiddenStates(d *dialect.Dialect, r *spec.Reporter) {
	a, told := author{d.Internal()}, map[string]bool{}
	for i := range a.Samples {
		s := &a.Samples[i]
		whole, body := d.Decode(s.Request, s.Response), s.Response.Body
		var t tree.Tree
		if !plain(&whole) || told[whole.Shape] || a.PlanFor(s.Response.Status).CanFail(&s.Request) || len(body) == 0 || len(body) > maxProbedBody || t.JSON(body, false) != nil {
			continue
		}
		n, around := stateIn(&t, 0)
		if by := a.shapeOf(whole.Shape); n == 0 || by != nil && by.Is == "success" {
			continue
		}
		name, value, node := string(t.Key(n)), string(t.Value(n)), &t.Nodes[n]
		failed, res := likeCase("failed", value), s.Response
		res.Body = slices.Concat(body[:node.Start], []byte(failed), body[node.End:])
		if one := d.Decode(s.Request, res); plain(&one) {
			told[whole.Shape] = true
			template := "{" + name + "!: " + failed + "}"
			for _, outer := range slices.Backward(around) {
				template = "{" + outer + "!: " + template + "}"
			}
			r.Warn(s.Pos, "hidden_state", "put a shape for it before the others, such as {status: "+strconv.Itoa(s.Response.Status)+", is: failed, json: "+template+"}",
				"the response says %q: %q, and would be a plain success with %q too", name, value, failed)
		}
	}
}

// plain reports a success that was read without a complaint and without records.
func plain(r *dialect.Decoded) bool {
	return r.Outcome.Kind == parlance.KindSuccess && len(r.Diagnostics) == 0 && len(r.Outcome.Items) == 0
}

// stateIn is the first text in an object that is the state of some work, with the names
// around it; 0 for none.
func stateIn(t *tree.Tree, n uint32, around ...string) (uint32, []string) {
	if len(around) > maxStateDepth || t.Nodes[n].Kind != tree.Object {
		return 0, nil
	}
	for c := range t.Children(n) {
		if node := &t.Nodes[c]; node.Kind == tree.Text && !node.Moved && isState(string(t.Key(c)), string(t.Value(c))) {
			return c, around
		}
		if found, names := stateIn(t, c, append(around[:len(around):len(around)], string(t.Key(c)))...); found > 0 {
			return found, names
		}
	}
	return 0, nil
}

// isState reports the name of a state with a word of one.
func isState(name, value string) bool {
	word := strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(value))
	return namesState(name) && (slices.Contains(failedStates, word) || slices.Contains(otherStates, word))
}

// namesState reports the name of a member in which APIs say how far some work has come, or
// why it ended.
func namesState(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(stateNames, func(s string) bool { return strings.HasSuffix(name, s) })
}

// likeCase is a word in the letter case of another one.
func likeCase(word, other string) string {
	switch {
	case other == strings.ToUpper(other):
		return strings.ToUpper(word)
	case other[:1] == strings.ToUpper(other[:1]):
		return strings.ToUpper(word[:1]) + word[1:]
	}
	return word
}
