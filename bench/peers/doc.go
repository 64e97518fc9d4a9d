// Package peers puts and delivers the same requests by the outbox, by River and by Asynq,
// side by side. It is a module of its own, so that the library does not depend on them.
package peers
