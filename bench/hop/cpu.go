//go:build linux

package main

import (
	"fmt"
	"os"
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
