//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the user and system time of all threads that a process has had.
func cpuTime(pid int) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil { // clock_getcpuclockid(3)
		panic(err) // a process of ours that has ended
	}
	return time.Duration(t.Nano())
}

// pin keeps a process on some cores. It does nothing if the machine has only one.
func pin(pid int, cores ...int) {
	if runtime.NumCPU() < 2 {
		return
	}
	var set unix.CPUSet
	for _, core := range cores {
		set.Set(core)
	}
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, t := range threads {
		if tid, err := strconv.Atoi(t.Name()); err == nil {
			_ = unix.SchedSetaffinity(tid, &set) // a thread that has just ended
		}
	}
}

// startPinned starts a process that has one core from its beginning, as by taskset. So the Go of
// a library in it counts one core too.
func startPinned(cmd *exec.Cmd, core int) error {
	runtime.LockOSThread() // the process inherits the cores of this thread
	defer runtime.UnlockOSThread()
	var before, set unix.CPUSet
	set.Set(core)
	if runtime.NumCPU() >= 2 && unix.SchedGetaffinity(0, &before) == nil && unix.SchedSetaffinity(0, &set) == nil {
		defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	}
	return cmd.Start()
}

// proxyCore is the core of all proxies. Only one of them has requests at a time.
const proxyCore = 0

// pinSelf keeps this process off the core of the proxies.
func pinSelf() {
	var others []int
	for core := 1; core < runtime.NumCPU(); core++ {
		others = append(others, core)
	}
	pin(os.Getpid(), others...)
}
