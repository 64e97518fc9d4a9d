package postgres

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

// text is a string as PostgreSQL can hold it: UTF-8 without NUL. Any other byte
// becomes \xHH and a backslash two, so that no two strings become one: a path may
// have all bytes.
func text(s string) string {
	if utf8.ValidString(s) && !strings.ContainsAny(s, "\x00\\") {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		c, n := utf8.DecodeRuneInString(s)
		switch {
		case c == '\\':
			b.WriteString(`\\`)
		case c == 0 || c == utf8.RuneError && n == 1:
			b.WriteString(`\x`)
			b.WriteByte("0123456789abcdef"[s[0]>>4])
			b.WriteByte("0123456789abcdef"[s[0]&15])
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// untext is what text was made of.
func untext(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if strings.HasPrefix(s, `\x`) && len(s) >= 4 {
			if c, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
				b.WriteByte(byte(c))
				s = s[4:]
				continue
			}
		}
		if strings.HasPrefix(s, `\\`) {
			s = s[1:]
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

// each is f of all of them; of none it is none.
func each(all []string, f func(string) string) []string {
	if all == nil {
		return nil
	}
	made := make([]string, len(all))
	for i, s := range all {
		made[i] = f(s)
	}
	return made
}

// hash is one number for several strings, for an index has a limit that they may
// exceed.
func hash(parts ...string) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

// at is a time for a column; the zero time is NULL.
func at(t time.Time) pgtype.Timestamptz { return pgtype.Timestamptz{Time: t, Valid: !t.IsZero()} }

// left is how long it is until a caller's time, for the database to count from its
// own: the clocks of two machines may differ. The zero time is NULL.
func left(t time.Time) *time.Duration {
	if t.IsZero() {
		return nil
	}
	d := time.Until(t)
	return &d
}

// when is the time of a column, in UTC.
func when(t pgtype.Timestamptz) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}
