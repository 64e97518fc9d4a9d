package main

import (
	"strconv"
	"strings"
	"time"
)

// caddyfile is a Caddyfile under construction.
type caddyfile struct {
	strings.Builder
	depth int
}

// line writes a line. A word is quoted if it has to be.
func (c *caddyfile) line(words ...string) {
	c.WriteString(strings.Repeat("\t", c.depth))
	for i, w := range words {
		if i > 0 {
			c.WriteByte(' ')
		}
		c.WriteString(caddyWord(w))
	}
	c.WriteByte('\n')
}

// caddyWord is a word as a Caddyfile has it. In double quotes a backslash escapes a quote alone,
// and between backquotes all is as it stands.
func caddyWord(w string) string {
	switch {
	case w != "" && !strings.ContainsAny(w, " \t\r\n\"`#"):
		return w
	case strings.ContainsAny(w, "\"\\") && !strings.Contains(w, "`"):
		return "`" + w + "`"
	}
	return `"` + strings.ReplaceAll(w, `"`, `\"`) + `"`
}

// block writes a block after the words of its head.
func (c *caddyfile) block(inside func(), head ...string) {
	c.line(append(head, "{")...)
	c.depth++
	inside()
	c.depth--
	c.line("}")
}

// number writes a setting that is not the usual one.
func (c *caddyfile) number(name string, n, usual int) {
	if n > 0 && n != usual {
		c.line(name, strconv.Itoa(n))
	}
}

// duration writes a setting that is not the usual one.
func (c *caddyfile) duration(name string, d, usual time.Duration) {
	if d > 0 && d != usual {
		c.line(name, d.String())
	}
}
