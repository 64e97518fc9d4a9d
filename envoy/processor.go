package envoy

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/translate"
)

// The bounds of what Envoy may send.
const (
	maxFields  = 1000    // of a header; a longer one is passed on as it is
	maxHeader  = 1 << 20 // bytes of a message beside its body
	maxStreams = 10_000  // at a time, of one connection
)

// Config is what a Processor translates, and what bounds it.
type Config struct {
	Speaks *dialect.Dialect // the dialect of the upstream
	To     *dialect.Dialect // the dialect of its callers

	// MaxBody is how many bytes of a body are read, at most dialect.MaxBody, which is the
	// default. A body whose stated length is above it is not asked for.
	MaxBody int

	Logger *slog.Logger // nil is slog.Default
}

// Processor translates the responses that Envoy shows it. It is safe for concurrent use.
// Use New.
type Processor struct {
	extproc.UnimplementedExternalProcessorServer
	speaks  *dialect.Dialect
	form    *translate.Translator
	maxBody int
	log     *slog.Logger
}

// New makes a Processor.
func New(c Config) *Processor {
	p := &Processor{speaks: c.Speaks, form: translate.New(c.Speaks, c.To), maxBody: c.MaxBody, log: c.Logger}
	if p.maxBody <= 0 || p.maxBody > dialect.MaxBody {
		p.maxBody = dialect.MaxBody
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	return p
}

// Serve accepts connections of Envoy until the context ends. Streams that have begun may then
// end, for as long as drain says.
func (p *Processor) Serve(ctx context.Context, l net.Listener, drain time.Duration) error {
	s := grpc.NewServer(grpc.MaxRecvMsgSize(p.maxBody+maxHeader), grpc.MaxConcurrentStreams(maxStreams))
	extproc.RegisterExternalProcessorServer(s, p)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	hard := time.AfterFunc(drain, s.Stop)
	defer hard.Stop()
	s.GracefulStop()
	if err := <-served; !errors.Is(err, grpc.ErrServerStopped) { // it had not begun
		return err
	}
	return nil
}

// Process is the conversation about one request. It sends one message for each that it
// receives.
func (p *Processor) Process(stream extproc.ExternalProcessor_ProcessServer) error {
	x := exchange{p: p, ctx: stream.Context()}
	for {
		m, err := stream.Recv()
		if err != nil {
			return x.end(err)
		}
		answer := x.answer(m)
		if answer == nil {
			return nil // Envoy goes on without the processor
		}
		if err := stream.Send(answer); err != nil {
			return x.end(err)
		}
	}
}

// end finds out what the end of a stream means.
func (x *exchange) end(err error) error {
	switch {
	case errors.Is(err, io.EOF) && x.state == asked:
		x.warn("Envoy did not send the body that was asked for; allow_mode_override must be true in its filter")
		return nil
	case errors.Is(err, io.EOF), status.Code(err) == codes.Canceled:
		return nil
	}
	x.warn("the stream broke off", slog.Any("error", err))
	return err
}
