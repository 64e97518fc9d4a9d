package stream_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/internal/stream"
)

// cut cuts a stream that arrives in pieces of so many bytes, and returns its elements in
// words.
func cut(f stream.Form, text string, size int) (all []string) {
	s := stream.New(f, func(e *stream.Element) { all = append(all, words(e)) })
	for piece := range slices.Chunk([]byte(text), size) {
		s.Feed(bytes.Clone(piece))
	}
	s.End()
	return all
}

func words(e *stream.Element) string {
	text := fmt.Sprintf("%.60s", e.Data)
	if e.Cut() {
		text = fmt.Sprintf("%.3s… %d of %d", e.Data, len(e.Data), e.Length)
	}
	if e.Event != nil {
		text = string(e.Event) + ": " + text
	}
	if e.ID != nil {
		text += " #" + string(e.ID)
	}
	for _, f := range e.Fields {
		text += " " + f.Name + "=" + f.Value
	}
	for _, mark := range []struct {
		is   bool
		word string
	}{{e.Bare, " bare"}, {e.Torn, " torn"}, {e.Broken, " broken"}} {
		if mark.is {
			text += mark.word
		}
	}
	return text
}

func TestAStreamIsCutIntoElements(t *testing.T) {
	t.Parallel()
	const mega = 10 << 20
	message := string(stream.Messages.Append(nil, stream.Out{Data: []byte(`{"bytes":"x"}`), Fields: []stream.Field{{Name: "event-type", Value: "chunk"}}}, true))
	for _, tt := range []struct {
		name string
		form stream.Form
		text string
		want []string
	}{
		{"events", stream.Events, "event: a\nid: 1\ndata: x\n\ndata: y\n\n", []string{"a: x #1", "y #1"}},
		{"mixed line ends", stream.Events, "data: a\r\rdata: b\r\n\r\ndata: c\n\ndata: d\r\n\ndata: e\n\r", []string{"a", "b", "c", "d", "e"}},
		{"a byte order mark", stream.Events, "\xEF\xBB\xBFdata: a\n\n", []string{"a"}},
		{"half a byte order mark", stream.Events, "\xEF\xBBdata: a\n\ndata: b\n\n", []string{"b"}},
		{"comments and heartbeats only", stream.Events, ":\n\n: beat\n\n\n\nretry: 10\n\n", nil},
		{"JSON across several lines of data", stream.Events, "data: {\"a\":\ndata: 1}\n\n", []string{"{\"a\":\n1}"}},
		{"fields without a colon or a blank", stream.Events, "data\n\ndata\ndata\n\ndata:test\n\nevent\ndata:  x\n\n", []string{"", "\n", "test", " x"}},
		{"an event cut in the middle", stream.Events, "data: a\n\ndata: {\"b\":", []string{"a", `{"b": torn`}},
		{"an end without an empty line", stream.Events, "data: a\n\ndata: [DONE]\n", []string{"a", "[DONE]"}},
		{"bare JSON at the end", stream.Events, "data: a\n\n{\"error\": {\"code\": 1}}", []string{"a", `{"error": {"code": 1}} bare`}},
		{"bare JSON on several lines", stream.Events, "{\n  \"error\": {\n\"code\": 1\n}\n}\ndata: x\n\n", []string{"{\n  \"error\": {\n\"code\": 1\n}\n} bare", "x"}},
		{"bare JSON that is cut", stream.Events, "{\"error\": {", []string{"{\"error\": {\n bare torn"}},
		{"a failure in a field of its own", stream.Events, "data: a\n\nerror: {\"code\":500}\n\nevent: b\nerror:x\ndata: y\n\nerror\n\nerrors: z\n\n", []string{"a", `error: {"code":500}`, "error: x\ny", "error: "}},
		{"an ID with a zero byte", stream.Events, "id: a\x00\ndata: x\n\n", []string{"x"}},
		{"an event of 10 MB", stream.Events, "data: " + strings.Repeat("x", mega) + "\n\ndata: b\n\n", []string{fmt.Sprintf("xxx… %d of %d", 48<<10, mega), "b"}},
		{"no line ends", stream.Events, strings.Repeat("y", mega), nil},
		{"no line ends, as data", stream.Events, "data: " + strings.Repeat("y", mega), []string{fmt.Sprintf("yyy… %d of %d torn", 48<<10, mega)}},

		{"lines", stream.Lines, "{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}", []string{`{"a":1}`, `{"b":2}`, `{"c":3}`}},
		{"a line of 10 MB", stream.Lines, strings.Repeat("x", mega) + "\n{}\n", []string{fmt.Sprintf("xxx… %d of %d", 48<<10, mega), "{}"}},
		{"a sequence", stream.Sequence, "\x1E{\"a\":\n1}\n\x1E{\"b\":2}\n", []string{"{\"a\":\n1}", `{"b":2}`}},
		{"a sequence with a text that is cut", stream.Sequence, "\x1E{\"a\":\n\x1E{\"b\":2}\n\x1E[", []string{"{\"a\":\n torn", `{"b":2}`, "[ torn"}},
		{"an array", stream.Array, "[{\"a\":\"]},\"}\n,\r\n{\"b\":2}, 7,\"x\"]", []string{`{"a":"]},"}`, `{"b":2}`, "7", `"x"`}},
		{"an array that is cut", stream.Array, "[{\"a\":1},{\"b\":", []string{`{"a":1}`, `{"b": torn`}},
		{"an object instead of an array", stream.Array, `{"error":1}`, []string{`{"error":1} bare`}},
		{"no array, but what ends its values", stream.Array, "{},],]1,", []string{"{} bare", "1 bare"}},
		{"what ends the values of an array behind its end", stream.Array, "[{}],]", []string{"{}"}},
		{"messages", stream.Messages, message + message[:20], []string{`chunk: {"bytes":"x"} event-type=chunk`, " torn"}},
		{"a message with a wrong checksum", stream.Messages, message[:len(message)-1] + "!" + message, []string{`chunk: {"bytes":"x"} event-type=chunk broken`, `chunk: {"bytes":"x"} event-type=chunk`}},
		{"no messages", stream.Messages, strings.Repeat("<html>", 10), []string{" broken"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1 << 30, 1, 2, 3, 7, 4096} {
				if size < 4096 && len(tt.text) > 1<<20 {
					continue
				}
				got := cut(tt.form, tt.text, size)
				if tt.name == "messages" && len(got) == 2 {
					got[1] = " torn"
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("in pieces of %d: got\n%q, want\n%q", size, got, tt.want)
				}
			}
		})
	}
}

// plain reads server-sent events as the specification says it (WHATWG HTML, 9.2.6), line by
// line, with a failure in a field of its own, and with all of the stream in memory.
func plain(text string) (all []string) {
	text = strings.TrimPrefix(text, "\xEF\xBB\xBF")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	lines := strings.Split(text, "\n")
	var data, event, id string
	known := false
	for _, line := range lines[:len(lines)-1] {
		field, value, found := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if data != "" {
				w := strings.TrimSuffix(data, "\n")
				w = fmt.Sprintf("%d %.60s", len(w), w)
				if event != "" {
					w = event + ": " + w
				}
				if known {
					w += " #" + id
				}
				all = append(all, w)
			}
			data, event = "", ""
		case field == "" && found:
		case field == "error": // it is none of the specification
			event = "error"
			fallthrough
		case field == "data":
			data += value + "\n"
		case field == "event":
			event = value[:min(len(value), 1024)]
		case field == "id" && !strings.Contains(value[:min(len(value), 1024)], "\x00"):
			id, known = value[:min(len(value), 1024)], true
		}
	}
	return all
}

func FuzzEvents(f *testing.F) {
	for _, text := range []string{
		"event: a\nid: 1\ndata: x\n\n", "data: a\r\rdata: b\r\n\r\n", "\xEF\xBB\xBFdata: a\n\n", "data\n\n:x\ndatax: 1\nretry: 5\n\n",
		"{\"a\":\n1}\ndata: y\n\n", "data:\r\ndata: \r\n\r\n", "id\x00: 1\nid\n\nevent\ndata\n\n", "\r\n\r\ndata: z", "[data: 1\n\n", "error: {}\nevent: a\n\nerro: 1\n\nerror:\rdata: 2\n\n",
	} {
		f.Add(text, uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		if len(text) > 1<<16 {
			return
		}
		var got []string
		bare, ended := 0, false
		s := stream.New(stream.Events, func(e *stream.Element) {
			if len(e.Data) > 48<<10 || e.Length < int64(len(e.Data)) {
				t.Fatalf("%d bytes are held of %d", len(e.Data), e.Length)
			}
			switch {
			case e.Bare:
				bare++
				return
			case ended:
				return // the specification drops it
			}
			w := fmt.Sprintf("%d %.60s", e.Length, e.Data)
			if e.Event != nil {
				w = string(e.Event) + ": " + w
			}
			if e.ID != nil {
				w += " #" + string(e.ID)
			}
			got = append(got, w)
		})
		for piece := range slices.Chunk([]byte(text), int(size)+1) {
			piece = bytes.Clone(piece)
			s.Feed(piece)
			clear(piece) // nothing of it may be kept
		}
		ended = true
		s.End()
		if want := plain(text); !slices.Equal(got, want) {
			t.Errorf("%q in pieces of %d: got %q, want %q", text, int(size)+1, got, want)
		}
	})
}

// placed cuts a stream that arrives in pieces, and holds that each element is where it says:
// cut out of the stream it is the same.
func placed(t *testing.T, f stream.Form, text string, size int) (places []string) {
	var fed, last int64
	s := stream.New(f, func(e *stream.Element) {
		if e.From < 0 {
			places = append(places, "mixed")
			return
		}
		if e.From < last || e.To < e.From || e.To > fed {
			t.Fatalf("%q in pieces of %d: an element from %d to %d of %d, behind %d", text, size, e.From, e.To, fed, last)
		}
		last = e.To
		part := text[e.From:e.To]
		places = append(places, strings.TrimRight(part, "\r\n"))
		if e.Torn || e.Broken || strings.HasPrefix(part, "\xEF\xBB\xBF") {
			return
		}
		n := 0
		alone := stream.New(f, func(again *stream.Element) {
			if n++; n == 1 && !bytes.Equal(bytes.TrimSpace(again.Data), bytes.TrimSpace(e.Data)) || n > 1 {
				t.Fatalf("%q: %q at %d, cut out %q is element %d: %q", text, e.Data, e.From, part, n, again.Data)
			}
		})
		if f == stream.Array {
			part = "[" + part + "]"
		}
		alone.Feed([]byte(part))
		if alone.End(); n == 0 {
			t.Fatalf("%q: %q at %d, cut out %q is no element", text, e.Data, e.From, part)
		}
	})
	for piece := range slices.Chunk([]byte(text), size) {
		fed += int64(len(piece))
		s.Feed(bytes.Clone(piece))
		if from := s.From(); from < last || from > fed {
			t.Fatalf("%q in pieces of %d: the next begins at %d, behind %d of %d", text, size, from, last, fed)
		}
	}
	s.End()
	return places
}

func TestAnElementSaysWhereItStands(t *testing.T) {
	t.Parallel()
	message := string(stream.Messages.Append(nil, stream.Out{Data: []byte("{}")}, true))
	for _, tt := range []struct {
		name string
		form stream.Form
		text string
		want []string
	}{
		{"an event with its name, between comments", stream.Events, ":beat\n\nevent: a\n:c\ndata: x\n\n:beat\n\ndata: y\r\n\r\n", []string{"event: a\n:c\ndata: x", "data: y"}},
		{"behind a byte order mark", stream.Events, "\xEF\xBB\xBFdata: a\n\n", []string{"data: a"}},
		{"JSON between events", stream.Events, "data: a\n\n{\"b\":\n1} x\ndata: c\n\n", []string{"data: a", "{\"b\":\n1}", "data: c"}},
		{"JSON in the middle of an event", stream.Events, "data: a\n{}\n\ndata: c\n\n", []string{"mixed", "mixed", "data: c"}},
		{"an event in the middle of JSON", stream.Events, "{\ndata: a\n\n}\ndata: c\n\n", []string{"mixed", "mixed", "data: c"}},
		{"lines", stream.Lines, "{}\r\n\n 1\n2", []string{"{}", " 1", "2"}},
		{"a sequence", stream.Sequence, "\x1E{}\n\x1E[1\x1E2\n", []string{"{}", "[1", "2"}},
		{"an array", stream.Array, "[ {},\n[1] ,2]", []string{"{}", "[1]", "2"}},
		{"messages", stream.Messages, message + message, []string{message, message}},
	} {
		for _, size := range []int{1, 2, 3, 1 << 20} {
			if got := placed(t, tt.form, tt.text, size); !slices.Equal(got, tt.want) {
				t.Errorf("%s, in pieces of %d: got %q, want %q", tt.name, size, got, tt.want)
			}
		}
	}
}

// FuzzForms holds for all forms that the elements do not depend on how the stream arrives,
// that each is where it says, and that little is held of them.
func FuzzForms(f *testing.F) {
	for form := stream.Events; form <= stream.Messages; form++ {
		text := form.Append(nil, stream.Out{Data: []byte(`{"a":"\u0041]"}`), Fields: []stream.Field{{Name: "event-type", Value: "a"}}}, true)
		text = form.AppendEnd(form.Append(text, stream.Out{Data: []byte(`[1]`)}, false), false)
		f.Add(uint8(form), string(text), uint8(2))
	}
	f.Fuzz(func(t *testing.T, form uint8, text string, size uint8) {
		if form < uint8(stream.Events) || form > uint8(stream.Messages) || len(text) > 1<<16 {
			return
		}
		whole, pieces := cut(stream.Form(form), text, 1<<30), cut(stream.Form(form), text, int(size)+1)
		if !slices.Equal(whole, pieces) {
			t.Errorf("%q: in one piece %q, in pieces of %d %q", text, whole, int(size)+1, pieces)
		}
		placed(t, stream.Form(form), text, int(size)+1)
	})
}

func TestAnElementIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for form := stream.Events; form <= stream.Messages; form++ {
		var text []byte
		for i, data := range []string{`{"a":1}`, `{"b":"x"}`} {
			text = form.Append(form.AppendBeat(text), stream.Out{Data: []byte(data)}, i == 0)
		}
		text = form.AppendEnd(text, false)
		if got, want := cut(form, string(text), 5), []string{`{"a":1}`, `{"b":"x"}`}; !slices.Equal(got, want) {
			t.Errorf("%s: %q: got %q, want %q", form, text, got, want)
		}
	}
}
