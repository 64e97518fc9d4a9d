package main

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/outbox"
)

// upstream is the name of the API in the outbox of a gateway.
const upstream = "upstream"

// errNoStore says that an outbox has no place.
var errNoStore = &mistake{message: "--async has no --store", hint: "for example: --store gateway.db"}

// gatewayKeeps opens the store of a gateway: for its records, and for the requests that are
// delivered later. What the store has taken is written when stop returns.
func (a *app) gatewayKeeps(ctx context.Context, f *gatewayFlags, config *gateway.Config) (stop func(), err error) {
	own, header, err := a.own(f)
	if err != nil {
		return nil, err
	}
	config.Client = append(config.Client, own...)
	later := len(f.async)+len(f.asyncAlways) > 0
	switch {
	case f.keep.Name == "" && later:
		return nil, errNoStore
	case f.keep.Name == "":
		return func() {}, nil
	}
	s, err := f.keep.Open(ctx)
	if err != nil {
		m := f.keep.fault(err)
		if !f.keep.Remote() {
			m.message, m.hint = "--store: "+err.Error(), "it is made where it is missing, in a folder that is there"
		}
		return nil, m
	}
	config.Recorder = activity.NewRecorder(s.Activity(), activity.WithLogger(config.Logger), activity.WithSampling(f.sample))
	var running sync.WaitGroup
	delivering, end := context.WithCancel(ctx)
	if later {
		if len(own) > 0 {
			header = cmp.Or(header, config.Speaks.Auth().Header, "Authorization")
		}
		box := outbox.New(s.Queue(), outbox.WithVendor(upstream, config.Speaks, config.Client...), outbox.WithLogger(config.Logger), outbox.WithRecords(s.Activity()))
		config.Later = &gateway.Later{Outbox: box, Vendor: upstream, Routes: f.async, Always: f.asyncAlways, Drop: []string{header}}
		running.Go(func() { box.Run(delivering) })
	}
	return func() {
		end()
		running.Wait()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if err := errors.Join(config.Recorder.Close(ending), s.Close()); err != nil {
			config.Logger.Error("not all records are written", "error", f.keep.Redact(err.Error()))
		}
	}, nil
}

// own is the gateway's own credential, and the header of it if that is named.
func (a *app) own(f *gatewayFlags) (all []client.Option, header string, err error) {
	if f.token != "" {
		var made client.Option
		if made, header, err = a.token(f.token); err != nil {
			return nil, "", err
		}
		all = append(all, made)
	}
	if f.user != "" {
		made, err := a.user(f.user)
		if err != nil {
			return nil, "", err
		}
		all = append(all, made)
	}
	return all, header, nil
}

// grace is how long the last records may take to be written.
const grace = 9 * time.Second
