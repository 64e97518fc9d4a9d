package bulk

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/parlance-api/parlance"
)

// handled is a record that was handled, and its bytes where the response holds them.
type handled struct {
	item        parlance.Item
	name        string
	before, raw []byte
	child       []byte // what the response adds to raw, once it is known
}

// spool keeps what became of records until the head of the response can be known:
// in memory up to a bound, then in a file. It is written, and then read once.
type spool struct {
	max int    // bytes in memory
	dir string // of the file; "" is that of os.TempDir

	memory []byte
	file   *os.File
	out    *bufio.Writer
}

// put adds a record.
func (s *spool) put(h *handled) error {
	from := len(s.memory)
	s.memory = h.append(append(s.memory, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(s.memory[from:], uint32(len(s.memory)-from-4))
	if len(s.memory) <= s.max && s.file == nil {
		return nil
	}
	return s.spill()
}

// spill moves what is in memory to the file.
func (s *spool) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "parlance-bulk-*")
		if err != nil {
			return fmt.Errorf("bulk: the spool of a response: %w", err)
		}
		_ = os.Remove(f.Name()) // where the system lets us, so that no crash leaves it behind; else close does
		s.file, s.out = f, bufio.NewWriterSize(f, chunk)
	}
	_, err := s.out.Write(s.memory)
	s.memory = s.memory[:0]
	if err != nil {
		return fmt.Errorf("bulk: the spool of a response: %w", err)
	}
	return nil
}

// all reads every record back, in order. What a record holds is good until the
// next one.
func (s *spool) all(yield func(*handled) error) error {
	var from io.Reader = bytes.NewReader(s.memory)
	if s.file != nil {
		if err := s.out.Flush(); err != nil {
			return fmt.Errorf("bulk: the spool of a response: %w", err)
		}
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("bulk: the spool of a response: %w", err)
		}
		from = bufio.NewReaderSize(s.file, chunk)
	}
	var size [4]byte
	var entry []byte
	for {
		switch _, err := io.ReadFull(from, size[:]); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("bulk: the spool of a response: %w", err)
		}
		n := int(binary.LittleEndian.Uint32(size[:]))
		entry = slices.Grow(entry[:0], n)[:n]
		if _, err := io.ReadFull(from, entry); err != nil {
			return fmt.Errorf("bulk: the spool of a response: %w", err)
		}
		h, err := readHandled(entry)
		if err != nil {
			return err
		}
		if err := yield(&h); err != nil {
			return err
		}
	}
}

// close lets go of all that is kept.
func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
	*s = spool{max: s.max, dir: s.dir}
}

// append writes a record as texts with their lengths before them: what nearly
// every outcome has as it is, and an outcome with more than that as JSON.
func (h *handled) append(b []byte) []byte {
	o := &h.item.Outcome
	b = binary.AppendUvarint(b, uint64(h.item.Index))
	b = append(b, byte(o.Kind))
	for _, text := range [...]string{h.item.ID, h.name, string(o.Reason), o.Code, o.Title, o.Detail} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	var rest []byte
	if !plain(o) {
		rest, _ = json.Marshal(o) // it has no value that could not be written
	}
	for _, bytes := range [...][]byte{rest, h.before, h.raw} {
		b = append(binary.AppendUvarint(b, uint64(len(bytes))), bytes...)
	}
	return b
}

// plain reports that an outcome has nothing but kind, reason, code, title and
// detail, as nearly all have.
func plain(o *parlance.Outcome) bool {
	return o.Status == 0 && o.Family == "" && o.Type == "" && o.Instance == "" && o.RequestID == "" && len(o.Fields) == 0 &&
		len(o.Items) == 0 && len(o.Notes) == 0 && o.RetryAfter == 0 && o.Retryable == 0 && o.Help == "" && len(o.Extra) == 0
}

var errSpool = errors.New("bulk: the spool of a response was changed by another process")

func readHandled(b []byte) (h handled, err error) {
	index, n := binary.Uvarint(b)
	if n <= 0 || n == len(b) {
		return h, errSpool
	}
	o := &h.item.Outcome
	h.item.Index, o.Kind = int(index), parlance.Kind(b[n])
	b = b[n+1:]
	next := func() []byte {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			err = errSpool
			return nil
		}
		text := b[n : n+int(size)]
		b = b[n+int(size):]
		return text
	}
	for _, to := range [...]*string{&h.item.ID, &h.name, (*string)(&o.Reason), &o.Code, &o.Title, &o.Detail} {
		*to = string(next())
	}
	rest := next()
	h.before, h.raw = next(), next()
	if err == nil && len(rest) > 0 {
		err = json.Unmarshal(rest, o)
	}
	return h, err
}
