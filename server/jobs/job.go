package jobs

import "github.com/parlance-api/parlance/queue"

// Job is one piece of background work: a task of the queue whose Kind selects the
// [Work].
type Job = queue.Task

// Result is the outcome of a job and its response.
type Result = queue.Result

// ErrLeaseLost reports that the lease of a job had ended and another worker may have
// it.
var ErrLeaseLost = queue.ErrLeaseLost
