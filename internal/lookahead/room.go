package lookahead

import "sync"

// room is memory for the beginning of a body. It is used again when the reader has that.
type room struct {
	bytes []byte
	pool  *sync.Pool
}

// The sizes of rooms. Most bodies fit the first.
const (
	smallRoom = 4 << 10
	largeRoom = 64 << 10
)

var smallRooms, largeRooms sync.Pool

// roomFor is a room for so many bytes, at most largeRoom.
func roomFor(bytes int) *room {
	pool, size := &smallRooms, smallRoom
	if bytes > size {
		pool, size = &largeRooms, largeRoom
	}
	if r, ok := pool.Get().(*room); ok {
		return r
	}
	return &room{make([]byte, 0, size), pool}
}

func (r *room) put() { r.pool.Put(r) }

// trustedLength is how much is allocated because a Content-Length says so.
const trustedLength = 64 << 10

// make makes the memory for the first bytes.
func (b *Body) make(limit int) {
	b.room = roomFor(smallRoom)
	b.Head = b.room.bytes[:0:min(smallRoom, limit+1)]
}

// makeFor makes memory of its own for a body of that length, -1 if it is unknown.
func (b *Body) makeFor(length int64, limit int) {
	size := 512
	if length > 0 {
		size = int(min(length, trustedLength)) + 1 // one more finds the end without growing
	}
	b.Head = make([]byte, 0, min(size, limit+1))
}

// grow is the room behind the head, for at least one more byte.
func (b *Body) grow(limit int) []byte {
	if len(b.Head) < cap(b.Head) {
		return b.Head[len(b.Head):cap(b.Head)]
	}
	size := min(2*cap(b.Head), limit+1)
	var larger *room
	var grown []byte
	if b.room != nil && cap(b.Head) < largeRoom && size <= largeRoom {
		larger = roomFor(largeRoom)
		grown = larger.bytes[:0:min(largeRoom, limit+1)]
	} else {
		grown = make([]byte, 0, size)
	}
	grown = append(grown, b.Head...)
	if b.room != nil {
		b.room.put()
	}
	b.Head, b.room = grown, larger
	return grown[len(grown):cap(grown)]
}
