package plain

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/validate"
)

// newBook is what adding a book takes. The dialect has a place for one message and none
// for fields, so what is wrong with a field is told in the message.
func newBook(next http.Handler) http.Handler {
	return validate.JSON(validate.MustCompile(`{
		"type": "object",
		"required": ["title"],
		"properties": {"title": {"type": "string", "minLength": 1}}
	}`))(next)
}

// shelf is the books that there are.
type shelf struct {
	room  int // books that it holds
	mu    sync.Mutex
	books []book         // the id is the place, from 1
	lent  map[int]string // the user who has the book, by its id
}

type book struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

func (s *shelf) add(_ http.ResponseWriter, r *http.Request) (any, error) {
	var b book
	if err := validate.Into(r, &b); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.books) >= s.room {
		// No code of the page says so, but one of the class does.
		return nil, &parlance.Error{Outcome: parlance.Outcome{
			Kind: parlance.KindInternal, Status: http.StatusInsufficientStorage, Detail: "The shelf is full"}}
	}
	b.ID = len(s.books) + 1
	s.books = append(s.books, b)
	return server.Created("/books/"+strconv.Itoa(b.ID), b), nil
}

func (s *shelf) read(_ http.ResponseWriter, r *http.Request) (any, error) {
	return s.book(r)
}

// lend gives the book to the caller, who may ask for it again.
func (s *shelf) lend(_ http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r)
	if err != nil {
		return nil, err
	}
	who, _ := server.PrincipalOf(r.Context())
	if has, lent := s.lent[b.ID]; lent && has != who.ID {
		return nil, &parlance.Error{Outcome: parlance.Outcome{
			Kind: parlance.KindInvalid, Status: http.StatusLocked, Detail: "Somebody else has this book"}}
	}
	s.lent[b.ID] = who.ID
	return b, nil
}

// book is the one that the route names.
func (s *shelf) book(r *http.Request) (book, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(r)
}

// find is book for a caller who holds the lock.
func (s *shelf) find(r *http.Request) (book, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(s.books) {
		return book{}, parlance.NewError(parlance.KindNotFound, "There is no book %q", r.PathValue("id"))
	}
	return s.books[id-1], nil
}

// loans is how often a book was lent in a month, on the average.
func (s *shelf) loans(_ http.ResponseWriter, r *http.Request) (any, error) {
	lent := [...]int{3, 2, 2, 4, 1, 0, 7, 8, 2, 3, 5, 9}
	b, err := s.book(r)
	if err != nil {
		return nil, err
	}
	month, err := strconv.Atoi(r.URL.Query().Get("month"))
	if err != nil {
		return nil, parlance.NewError(parlance.KindInvalid, "month is a number")
	}
	// The bug: nobody looks whether there is such a month.
	return map[string]any{"title": b.Title, "lent": lent[month-1]}, nil
}
