package authoring

import (
	"encoding/json"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	yaml "go.yaml.in/yaml/v4"
)

// Inspection is all that can be said of a file.
type Inspection struct {
	Diagnostics []parlance.Diagnostic // in the order of the file
	Samples     int                   // how many the file has
	Ran         bool                  // they were read and written; a file with faults cannot be tried
}

// Lint lists all that is wrong with a file: faults, warnings, and samples that
// do not read or write as they say. find gives the dialect that a file extends.
func Lint(file string, source []byte, find ...dialect.Finder) []parlance.Diagnostic {
	return Inspect(file, source, find...).Diagnostics
}

// Inspect is Lint that also says whether the samples could be tried.
func Inspect(file string, source []byte, find ...dialect.Finder) Inspection {
	d, err := dialect.Compile(file, source, find...)
	if fe, bad := err.(*dialect.FileError); bad {
		return Inspection{Diagnostics: fe.Diagnostics, Samples: countSamples(source)}
	}
	r := spec.NewReporter(file)
	r.All = d.Internal().Warnings
	for i := range d.Internal().Samples {
		s := &d.Internal().Samples[i]
		tried := try(d, asCase(s, file))
		for _, f := range tried.LeftOut {
			r.Warn(spec.Position{Line: f.Line, Column: f.Column}, "sample_leaves_out", "add it to the outcome, or correct the shape", "%s", spec.Ours(f.sentence()))
		}
		for _, f := range tried.Differences {
			pos := spec.Position{Line: f.Line, Column: f.Column}
			switch f.Part {
			case PartReads:
				r.Fault(pos, "sample_reads", readsHint(f), "%s", spec.Ours(f.sentence()))
			default:
				r.Fault(s.Pos, "sample_writes", writesHint(author{d.Internal()}, f), "%s", spec.Ours(f.sentence()))
			}
		}
	}
	tryProbes(d, r)
	takenSamples(d, r)
	hiddenStates(d, r)
	author{d.Internal()}.unfitPatterns(r)
	unfinished(r, source)
	return Inspection{Diagnostics: r.Sorted(), Samples: len(d.Internal().Samples), Ran: true}
}

// readsHint says what to do about a sample that is read otherwise than its outcome says. A path or
// an ID that only has another notation gets it.
func readsHint(f Difference) string {
	var want, got string
	if (strings.HasSuffix(f.Attribute, ".path") || strings.HasSuffix(f.Attribute, ".id")) && json.Unmarshal([]byte(f.Want), &want) == nil && json.Unmarshal([]byte(f.Got), &got) == nil {
		if dotted, _ := (spec.Conversion{Notation: spec.Pointer}).Read([]byte(got), nil); string(dotted) == want {
			notation := ":dots"
			switch {
			case strings.HasPrefix(strings.TrimPrefix(got, "#"), "/"):
				notation = ":pointer"
			case strings.Contains(got, "]["):
				notation = ":brackets"
			}
			return "paths are dotted in an outcome: write " + notation + " behind the attribute, which reads " + f.Got + " as " + f.Want
		}
	}
	return "correct the shape or the row, or the outcome of the sample"
}

// writesHint says what to do about a response that is written otherwise than it was recorded.
func writesHint(d author, f Difference) string {
	if path, _, missing := strings.Cut(f.Message, `" is missing; `); missing {
		name := path[strings.LastIndexAny(path, `".`)+1:]
		if d.isFree(name, "") {
			return "$any is written only with a value: write " + name + ": $any = 0, or what stands there; or add reads_only: true to the sample"
		}
	}
	switch {
	case strings.Contains(f.Message, unrecorded):
		return "mark the member with ? if it can be missing, or read it only, as {$read: …}; or add reads_only: true to the sample"
	case strings.HasPrefix(f.Attribute, "items["):
		return "add it to the shape, unless it is one of those that a record only has on reading, such as fields and notes; then add reads_only: true to the sample"
	}
	return "add it to the shape, or add reads_only: true to the sample"
}

// countSamples is how many samples a file has that could not be compiled.
func countSamples(source []byte) int {
	root := spec.NewReporter("").Load(source)
	if root == nil || root.Kind != yaml.MappingNode {
		return 0
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "samples" && root.Content[i+1].Kind == yaml.SequenceNode {
			return len(root.Content[i+1].Content)
		}
	}
	return 0
}
