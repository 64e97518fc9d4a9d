package caddyparlance

import (
	"slices"
	"sync"

	"github.com/parlance-api/parlance/server/guard"
)

// switchKey is the name of a switch in the pool.
type switchKey string

// maintenanceSwitch closes and opens all directives parlance_maintenance of a name.
type maintenanceSwitch struct {
	mu  sync.Mutex
	now Closed
	all []*guard.Maintenance
}

func newSwitch() (*maintenanceSwitch, error) { return new(maintenanceSwitch), nil }

// Destruct forgets the switch.
func (s *maintenanceSwitch) Destruct() error { return nil }

// add has a directive follow the switch.
func (s *maintenanceSwitch) add(m *guard.Maintenance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now.Closed {
		m.Close(s.now.Until)
	}
	s.all = append(s.all, m)
}

// remove ends that.
func (s *maintenanceSwitch) remove(m *guard.Maintenance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(s.all, func(other *guard.Maintenance) bool { return other == m })
}

// set closes or opens.
func (s *maintenanceSwitch) set(to Closed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = to
	for _, m := range s.all {
		if to.Closed {
			m.Close(to.Until)
		} else {
			m.Reopen()
		}
	}
}

// state is whether the switch is closed, and until when.
func (s *maintenanceSwitch) state() Closed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// addSwitch tells the admin API of a switch.
func (a *App) addSwitch(name string, s *maintenanceSwitch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.switches[name] = s
}
