package write

import "github.com/parlance-api/parlance"

// mask says which attributes of a Field do not count.
type mask uint8

const (
	pathLost mask = 1 << iota
	codeLost
	messageLost
	allLost = pathLost | codeLost | messageLost
)

// of is a Field without the attributes that do not count.
func (m mask) of(f parlance.Field) parlance.Field {
	if m&pathLost != 0 {
		f.Path = ""
	}
	if m&codeLost != 0 {
		f.Code = ""
	}
	if m&messageLost != 0 {
		f.Message = ""
	}
	return f
}

// matching finds the Fields that were written among those that are read.
type matching struct {
	read  []parlance.Field
	taken []bool                            // of those that are read
	found []bool                            // of those that were written
	at    [allLost]map[parlance.Field][]int // where those are that are equal under a mask
}

func newMatching(read []parlance.Field, written int) *matching {
	return &matching{read: read, taken: make([]bool, len(read)), found: make([]bool, written)}
}

// take gives a Field that was written the first one that equals it under a mask and is not
// taken. It reports false if there is none, or if the Field has one already.
func (m *matching) take(i int, f parlance.Field, by mask) (is parlance.Field, ok bool) {
	if m.found[i] || by == allLost {
		return is, false
	}
	if m.at[by] == nil {
		m.at[by] = make(map[parlance.Field][]int, len(m.read))
		for at, b := range m.read {
			m.at[by][by.of(b)] = append(m.at[by][by.of(b)], at)
		}
	}
	places := m.at[by][by.of(f)]
	for len(places) > 0 && m.taken[places[0]] {
		places = places[1:]
	}
	if m.at[by][by.of(f)] = places; len(places) == 0 {
		return is, false
	}
	m.found[i], m.taken[places[0]] = true, true
	return m.read[places[0]], true
}
