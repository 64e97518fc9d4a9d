package storm

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"testing"
)

// chart is what a picture says of its curves.
type chart struct {
	title, label string // label is the short one over the picture
	axis         string
	calm, stall  int // how long they are, in steps of the curves
	every        int // steps between two marks of the axis
}

// stallOf10 is the chart of the clients, second by second.
var stallOf10 = chart{
	title: "First attempts answered within 1 s, before, during and after a stall of 10 s at 80% load",
	label: "First attempts answered within 1 s: a stall of 10 s at 80% load, no shedding",
	axis:  "seconds after the stall", calm: 10, stall: 10, every: 10,
}

// curve is a share over time, step by step.
type curve struct {
	name  string
	share []float64
}

// ink is how a curve is drawn. Those that lie upon each other differ in width and
// dashes, so that both are seen.
type ink struct{ colour, width, dashes string }

var inks = []ink{
	{"#bbbbbb", "9", "none"},
	{"#d1495b", "3.5", "none"},
	{"#00798c", "7", "none"},
	{"#edae49", "4.5", "10 6"},
	{"#30638e", "2", "3 4"},
	{"#222222", "1.5", "2 5"},
}

// plot draws curves over time: some calm, the stall, and what follows.
func plot(c chart, curves []curve) []byte {
	const left, top, width, height = 70, 60, 640, 300
	steps := len(curves[0].share)
	x := func(step int) float64 { return left + float64(step)*width/float64(steps) }
	y := func(share float64) float64 { return top + (1-share)*height }
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 430" font-family="sans-serif" font-size="13">
<title>%s</title>
<rect width="920" height="430" fill="white"/>
<text x="%d" y="30" font-size="16">%s</text>
<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#f0f0f0"/>
<text x="%.1f" y="%d" text-anchor="middle" fill="#666666">stall</text>
`, c.title, left, c.label, x(c.calm), top, x(c.stall)-left, height, x(c.calm+c.stall/2), top-6)
	for percent := 0; percent <= 100; percent += 25 {
		at := y(float64(percent) / 100)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#dddddd"/>`+"\n", left, at, left+width, at)
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end">%d%%</text>`+"\n", left-8, at+4, percent)
	}
	for step := 0; step <= steps; step += c.every {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", x(step), top+height+20, step-c.calm-c.stall)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", left+width/2, top+height+45, c.axis)
	for i, line := range curves {
		style := fmt.Sprintf(`fill="none" stroke="%s" stroke-width="%s" stroke-dasharray="%s"`, inks[i].colour, inks[i].width, inks[i].dashes)
		fmt.Fprintf(&b, `<polyline %s points="`, style)
		for step, share := range line.share {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(step)+width/float64(2*steps), y(share))
		}
		at := top + 20 + 26*i
		fmt.Fprintf(&b, "\"/>\n"+`<line x1="%d" y1="%d" x2="%d" y2="%d" %s/>`+"\n", left+width+20, at, left+width+60, at, style)
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", left+width+68, at+4, line.name)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func TestThePictureIsWellFormedAndTheSameEachTime(t *testing.T) {
	t.Parallel()
	var all []curve
	for _, p := range peers {
		all = append(all, curve{p.name, []float64{1, 0, 0.5}})
	}
	drawn := plot(stallOf10, all)
	if !bytes.Equal(drawn, plot(stallOf10, all)) {
		t.Error("it is drawn differently the second time")
	}
	d := xml.NewDecoder(bytes.NewReader(drawn))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
